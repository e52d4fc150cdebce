import type { Patiently } from '../copy/patience.ts'
import type { TransferDeps } from '../copy/transfer.ts'
import type { BlobStore } from '../ports/blob-store.ts'
import type { MetadataStore, Page, PageRequest } from '../ports/metadata-store.ts'
import type { Findings } from './findings.ts'
import type { Counting, PassPlace } from './pass-place.ts'
import type { Spread } from './spread.ts'

/** What the phases of a pass work with. */
export interface Pass extends Pick<TransferDeps, 'hash' | 'rate' | 'signal'> {
  readonly blobs: BlobStore
  readonly metadata: MetadataStore
  readonly patiently: Patiently
  readonly findings: Findings
  readonly spread: Spread
  readonly progress: Counting
  readonly place: PassPlace
  readonly graceMs: number
  readonly clock: () => number
  readonly concurrency: number
  /** Says that the progress changed. */
  readonly looked: () => void
}

/** Items asked for at a time. */
const pageSize = 1000

/** Every item of a list that comes in pages, after a name; one page is in memory at a time. */
export async function* itemsAfter<T>(
  { patiently, signal }: Pick<Pass, 'patiently' | 'signal'>,
  read: (page: PageRequest) => Promise<Page<T> | null>,
  nameOf: (item: T) => string,
  after = '',
): AsyncGenerator<T> {
  for (let last = after; ; ) {
    signal?.throwIfAborted()
    const request = last === '' ? { limit: pageSize } : { after: last, limit: pageSize }
    const page = await patiently(() => read(request))
    if (page === null) return
    yield* page.items
    const end = page.items.at(-1)
    if (!page.more || end === undefined) return
    last = nameOf(end)
  }
}
