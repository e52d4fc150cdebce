import {
  formatKeys,
  KeysBroken,
  makeKey,
  parseKeys,
  type SigningKey,
  storedKeys,
} from './stored-keys.ts'

/** The keys of a token service. */
export interface SigningKeys {
  /** The key that signs now; made or replaced where it is time. */
  current(): Promise<SigningKey>
  /** A key that tokens may still be signed with; null for an unknown one. */
  find(kid: string): Promise<SigningKey | null>
}

/**
 * Keeps keys as one text, for one process or several. It holds private keys: only the registry may read it.
 */
export interface KeyStore {
  /** The text; null where there is none yet. */
  read(): Promise<string | null>
  /**
   * Replaces the text as a whole, durably, unless another process has done so since `before` was read.
   *
   * @returns whether it is `after` now
   */
  replace(before: string | null, after: string): Promise<boolean>
}

/** How keys are kept and renewed. */
export interface SigningKeyOptions {
  /** Default: this process alone, so tokens end with it. */
  readonly store?: KeyStore
  /** The age in milliseconds at which another key signs instead. Default: 30 days. */
  readonly rotateMs?: number
  /** How long a replaced key still verifies, in milliseconds: as long as refresh tokens live. Default: 31 days. */
  readonly keepMs?: number
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
  /**
   * Told when the store cannot be read or written any more. The keys that are known are used on; without any, the
   * request fails.
   */
  readonly onProblem?: (error: unknown) => void
}

interface Known {
  readonly text: string | null
  /** The newest first. */
  readonly keys: readonly SigningKey[]
  readonly readAt: number
}

const day = 86_400_000
/** How often the store is looked at for what other processes, or the operator, changed. */
const rereadMs = 60_000
/** The same for a key that is not known: a forged token must not cost a read each time. */
const unknownMs = 1_000

/**
 * Keys for `tokenService`.
 *
 * @example
 * const keys = signingKeys({ store: fileKeyStore('/var/lib/layerdock/access/keys.json') })
 */
export function signingKeys(options: SigningKeyOptions = {}): SigningKeys {
  const store = options.store ?? memoryStore()
  const rotateMs = options.rotateMs ?? 30 * day
  const keepMs = options.keepMs ?? 31 * day
  const clock = options.clock ?? Date.now
  let known: Known | null = null
  let running: Promise<Known> | null = null
  /** When the store could not be used; null where it could. */
  let failedAt: number | null = null

  /** One at a time: reads the store, and makes a key where the newest is too old. */
  function refreshed(): Promise<Known> {
    running ??= refresh()
      .catch((error: unknown) => {
        if (known === null || known.keys.length === 0) throw error
        options.onProblem?.(error)
        failedAt = clock()
        known = { ...known, readAt: failedAt }
        return known
      })
      .finally(() => {
        running = null
      })
    return running
  }

  async function refresh(): Promise<Known> {
    for (let tries = 0; tries < 10; tries += 1) {
      const text = await store.read()
      if (known === null || known.text !== text) {
        known = { text, keys: text === null ? [] : await parseKeys(text), readAt: clock() }
      } else known = { ...known, readAt: clock() }
      if (!isDue(known)) return known
      const next = await withNewKey(text, known.keys)
      if (await store.replace(text, next)) {
        known = { text: next, keys: await parseKeys(next), readAt: clock() }
        return known
      }
    }
    throw new Error('the signing keys are changed by others again and again')
  }

  /** A key from the future was made by a clock that was wrong, and would never be replaced. */
  function isDue({ keys }: Known): boolean {
    const [newest] = keys
    if (newest === undefined) return true
    const age = clock() - newest.createdAt
    return age >= rotateMs || age < -day
  }

  async function withNewKey(text: string | null, keys: readonly SigningKey[]): Promise<string> {
    const now = clock()
    const stored = text === null ? [] : storedKeys(text)
    const kept = stored.filter((_, index) => {
      const replacedAt = keys[index - 1]?.createdAt ?? now
      return now - replacedAt < keepMs
    })
    return formatKeys([await makeKey(now), ...kept])
  }

  return {
    async current() {
      const isFresh = known !== null && isRecent(known, rereadMs)
      const mayStay = isFresh && known !== null && (!isDue(known) || failedAt === known.readAt)
      const { keys } = mayStay && known !== null ? known : await refreshed()
      const [newest] = keys
      if (newest === undefined) throw new KeysBroken('there is no key')
      return newest
    },

    async find(kid) {
      const here = known?.keys.find((key) => key.kid === kid)
      if (here !== undefined && known !== null && isRecent(known, rereadMs)) return here
      if (known !== null && isRecent(known, unknownMs)) return here ?? null
      const { keys } = await refreshed()
      return keys.find((key) => key.kid === kid) ?? null
    },
  }

  function isRecent({ readAt }: Known, ms: number): boolean {
    const age = clock() - readAt
    return age >= 0 && age < ms
  }
}

function memoryStore(): KeyStore {
  let text: string | null = null
  return {
    read: async () => text,
    async replace(before, after) {
      if (text !== before) return false
      text = after
      return true
    },
  }
}
