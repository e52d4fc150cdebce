import { everyItem } from '../core/paging.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type {
  ManifestRecord,
  MetadataStore,
  Page,
  PageRequest,
  TagRecord,
} from '../ports/metadata-store.ts'
import type { Patiently } from './patience.ts'

/** Everything a metadata store has, list by list, in order, with one page of each in memory. */
export interface Lists {
  repositories(): AsyncIterable<RepositoryName>
  /** Empty where there is no such repository, as the others are. */
  blobs(repository: RepositoryName): AsyncIterable<BlobRef>
  manifests(repository: RepositoryName): AsyncIterable<ManifestRecord>
  tags(repository: RepositoryName): AsyncIterable<TagRecord>
}

const empty: Page<never> = { items: [], more: false }

/** The lists of a store. */
export function listsOf(metadata: MetadataStore, patiently: Patiently): Lists {
  const pages =
    <T>(read: (page: PageRequest) => Promise<Page<T> | null>) =>
    async (page: PageRequest): Promise<Page<T>> =>
      (await patiently(() => read(page))) ?? empty
  return {
    repositories: () => everyItem(pages((page) => metadata.listRepositories(page))),
    blobs: (name) => everyItem(pages((page) => metadata.listBlobs(name, page))),
    async *manifests(name) {
      const entries = everyItem(pages((page) => metadata.listManifests(name, page)))
      for await (const { record } of entries) yield record
    },
    tags: (name) => everyItem(pages((page) => metadata.listTagRecords(name, page))),
  }
}

/** What two lists have of one name; at least one of them has it. */
export type Pair<T> =
  | { readonly from: T; readonly to: T }
  | { readonly from: T; readonly to: null }
  | { readonly from: null; readonly to: T }

/** Two sorted lists side by side: every name of either, in order. */
export async function* sideBySide<T>(
  from: AsyncIterable<T>,
  to: AsyncIterable<T>,
  nameOf: (item: T) => string,
): AsyncGenerator<Pair<T>> {
  const [left, right] = [from[Symbol.asyncIterator](), to[Symbol.asyncIterator]()]
  try {
    let [one, other] = await Promise.all([left.next(), right.next()])
    while (one.done !== true || other.done !== true) {
      const oneName = one.done === true ? null : nameOf(one.value)
      const otherName = other.done === true ? null : nameOf(other.value)
      const takesOne = otherName === null || (oneName !== null && oneName <= otherName)
      const takesOther = oneName === null || (otherName !== null && otherName <= oneName)
      yield {
        from: takesOne ? (one.value as T) : null,
        to: takesOther ? (other.value as T) : null,
      } as Pair<T>
      if (takesOne) one = await left.next()
      if (takesOther) other = await right.next()
    }
  } finally {
    await Promise.all([left.return?.(), right.return?.()])
  }
}
