import type { StoredKey } from '../ports/blob-store.ts'
import type { Holdings } from './holdings.ts'
import { Steps } from './paced.ts'

/**
 * Which of the keys are known. A key with its digest is found at once. Names are not kept by key, so for
 * the others all of them are looked through, a few at a time; what changes meanwhile is told to the search.
 */
export function knownKeys(
  holdings: Holdings,
  keys: readonly StoredKey[],
): readonly boolean[] | Promise<readonly boolean[]> {
  const isKnown = (search: KeySearch | null, { digest, key }: StoredKey): boolean => {
    if (digest === null) return search?.isFound(key) === true
    const isHeld = holdings.get(digest)?.hasKey(key) === true
    return isHeld || holdings.condemned.get(key)?.digest === digest
  }
  const alone = keys.filter(({ digest }) => digest === null)
  if (alone.length === 0) return keys.map((key) => isKnown(null, key))
  return lookThrough(holdings, new KeySearch(alone)).then((search) =>
    keys.map((key) => isKnown(search, key)),
  )
}

/** Keys that are looked for, until each is found. */
export class KeySearch {
  readonly #wanted: Set<string>
  readonly #all: ReadonlySet<string>

  constructor(keys: readonly StoredKey[]) {
    this.#all = new Set(keys.map(({ key }) => key))
    this.#wanted = new Set(this.#all)
  }

  /** A key that is known. */
  note(key: string): void {
    this.#wanted.delete(key)
  }

  /** Whether a key of those looked for was noted. */
  isFound(key: string): boolean {
    return this.#all.has(key) && !this.#wanted.has(key)
  }
}

async function lookThrough(holdings: Holdings, search: KeySearch): Promise<KeySearch> {
  holdings.searches.add(search)
  try {
    const steps = new Steps()
    for (const holding of holdings.values()) {
      search.note(holding.key)
      if (steps.isOver()) await steps.rest()
    }
    for (const key of holdings.condemned.keys()) {
      search.note(key)
      if (steps.isOver()) await steps.rest()
    }
    return search
  } finally {
    holdings.searches.delete(search)
  }
}
