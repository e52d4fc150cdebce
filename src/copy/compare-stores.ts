import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { MetadataStore } from '../ports/metadata-store.ts'
import { DigestSet } from './digest-set.ts'
import { inParallel, Slots } from './in-parallel.ts'
import { type Lists, listsOf, type Pair, sideBySide } from './lists.ts'
import { type Patiently, type Pause, patience, timerPause } from './patience.ts'
import type { CopiedKind, CopiedStores } from './report.ts'
import { sameManifest } from './same.ts'

/** Settings of {@link compareStores}. */
export interface CompareOptions {
  /** Repositories looked at at a time. Default: 16. */
  readonly concurrency?: number
  /** Ends the comparison. */
  readonly signal?: AbortSignal
  /** Told of each difference, in no order. */
  readonly onDifference?: (difference: StoreDifference) => void
  /** Waits before a store that is unavailable is asked again. Default: a timer. */
  readonly pause?: Pause
}

/** One name that two stores do not have alike. */
export interface StoreDifference {
  /** The target lacks it, has it otherwise, or has it and the source does not. */
  readonly kind: 'missing' | 'other' | 'extra'
  readonly what: CopiedKind
  readonly repository: RepositoryName
  /** The digest, the tag, or the repository again. */
  readonly name: string
}

/** How many names of one kind two stores have alike, or not. */
export interface ComparedCounts {
  /** Both have it, and it is the same. */
  readonly same: number
  /** The source has it, the target does not. */
  readonly missing: number
  /** Both have it, and it is not the same: a tag of two manifests, a manifest of two media types. */
  readonly other: number
  /** The target has it, the source does not. */
  readonly extra: number
}

/** How the names of two stores compare. */
export interface StoreComparison extends Readonly<Record<CopiedKind, ComparedCounts>> {
  /** Bytes that the target lacks, each digest once. An estimate: digests are told apart by 64 bits. */
  readonly bytes: number
}

/**
 * Compares what two stores have, by name and digest, and reads no bytes. What was put into the stores meanwhile
 * may be counted or not. Content whose bytes the source knows to be missing is not counted as extra.
 *
 * @throws as the stores do; the reason of the signal.
 */
export async function compareStores(
  from: CopiedStores,
  to: CopiedStores,
  options: CompareOptions = {},
): Promise<StoreComparison> {
  const { concurrency = 16, signal, pause = timerPause(signal) } = options
  const comparison = new Comparison(from.metadata, to.metadata, {
    concurrency,
    signal,
    patiently: patience(pause, signal),
    onDifference: options.onDifference ?? (() => {}),
  })
  return await comparison.run()
}

interface ComparisonDeps {
  readonly concurrency: number
  readonly signal: AbortSignal | undefined
  readonly patiently: Patiently
  readonly onDifference: (difference: StoreDifference) => void
}

type Counts = { -readonly [K in keyof ComparedCounts]: number }

class Comparison {
  readonly #from: MetadataStore
  readonly #to: MetadataStore
  readonly #lists: { readonly from: Lists; readonly to: Lists }
  readonly #deps: ComparisonDeps
  readonly #slots: Slots
  readonly #lacking: DigestSet = new DigestSet()
  readonly #counts: Record<CopiedKind, Counts> = {
    repository: noDifferences(),
    blob: noDifferences(),
    manifest: noDifferences(),
    tag: noDifferences(),
  }
  #gone: ReadonlySet<Digest> = new Set()
  #bytes = 0

  constructor(from: MetadataStore, to: MetadataStore, deps: ComparisonDeps) {
    const { patiently } = deps
    this.#from = from
    this.#to = to
    this.#lists = { from: listsOf(from, patiently), to: listsOf(to, patiently) }
    this.#deps = deps
    this.#slots = new Slots(deps.concurrency)
  }

  async run(): Promise<StoreComparison> {
    const { concurrency, patiently } = this.#deps
    this.#gone = await missingDigests(this.#from, patiently)
    const { from, to } = this.#lists
    const pairs = sideBySide(from.repositories(), to.repositories(), (name) => name)
    await inParallel(pairs, concurrency, async (pair) => {
      const name = (pair.from ?? pair.to) as RepositoryName
      this.#count('repository', name, name, pair, true)
      await this.#repository(name)
    })
    return { ...this.#counts, bytes: this.#bytes }
  }

  async #repository(name: RepositoryName): Promise<void> {
    const { from, to } = this.#lists
    const { concurrency } = this.#deps
    const blobs = sideBySide(from.blobs(name), to.blobs(name), ({ digest }) => digest)
    await inParallel(blobs, concurrency, async (pair) => {
      const isMissing = this.#content('blob', name, pair, true)
      if (isMissing && pair.from !== null) await this.#addBlob(pair.from.digest, pair.from.size)
    })
    const manifests = sideBySide(from.manifests(name), to.manifests(name), ({ digest }) => digest)
    for await (const pair of manifests) {
      const isSame = pair.from === null || pair.to === null || sameManifest(pair.from, pair.to)
      const isMissing = this.#content('manifest', name, pair, isSame)
      if (isMissing && pair.from !== null && this.#lacking.add(pair.from.digest)) {
        this.#bytes += pair.from.size
      }
    }
    for await (const pair of sideBySide(from.tags(name), to.tags(name), ({ tag }) => tag)) {
      const tag = (pair.from ?? pair.to).tag
      this.#count('tag', name, tag, pair, pair.from?.digest === pair.to?.digest)
    }
  }

  /** Counts bytes that no repository of the target has. */
  async #addBlob(digest: Digest, size: number): Promise<void> {
    if (!this.#lacking.add(digest)) return
    const { patiently } = this.#deps
    const holders = await this.#slots.run(() =>
      patiently(() => this.#to.repositoriesWith(digest, 1)),
    )
    if (holders.length === 0) this.#bytes += size
  }

  /** Counts a blob or a manifest; whether the target lacks it. */
  #content(
    what: 'blob' | 'manifest',
    repository: RepositoryName,
    pair: Pair<{ readonly digest: Digest }>,
    isSame: boolean,
  ): boolean {
    const { digest } = pair.from ?? pair.to
    if (pair.from === null && this.#gone.has(digest)) return false
    return this.#count(what, repository, digest, pair, isSame) === 'missing'
  }

  #count(
    what: CopiedKind,
    repository: RepositoryName,
    name: string,
    pair: Pair<unknown>,
    isSame: boolean,
  ): keyof ComparedCounts {
    this.#deps.signal?.throwIfAborted()
    const kind =
      pair.from === null ? 'extra' : pair.to === null ? 'missing' : isSame ? 'same' : 'other'
    this.#counts[what][kind] += 1
    if (kind !== 'same') this.#deps.onDifference({ kind, what, repository, name })
    return kind
  }
}

/** More digests than any store knows to be missing that is worth copying. */
const mostMissing = 1_000_000

/** Digests whose bytes a store knows to be missing: its lists do not have them. */
export async function missingDigests(
  metadata: MetadataStore,
  patiently: Patiently,
): Promise<ReadonlySet<Digest>> {
  const { blobs } = await patiently(() => metadata.listMissing(mostMissing))
  return new Set(blobs.map(({ digest }) => digest))
}

function noDifferences(): Counts {
  return { same: 0, missing: 0, other: 0, extra: 0 }
}
