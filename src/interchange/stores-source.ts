import { missingDigests } from '../copy/compare-stores.ts'
import { type Lists, listsOf } from '../copy/lists.ts'
import { patience, timerPause } from '../copy/patience.ts'
import type { CopiedStores, CopyProblem } from '../copy/report.ts'
import type { Digest } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef, OpenBlob } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import {
  ContentFault,
  type ContentRoot,
  type ContentSource,
  type NamedContent,
  type SourceBlob,
  type SourceManifest,
} from './content.ts'
import { mostManifestBytes } from './read-manifest.ts'

/**
 * Content of a registry's stores: all manifests with their tags, times and referrers. Blobs that no manifest
 * names are not part of it.
 */
export function storesSource(stores: CopiedStores, signal?: AbortSignal): ContentSource {
  return new StoresSource(stores, signal)
}

class StoresSource implements ContentSource {
  readonly listsManifests = true
  readonly #stores: CopiedStores
  readonly #lists: Lists
  readonly #signal: AbortSignal | undefined

  constructor(stores: CopiedStores, signal: AbortSignal | undefined) {
    this.#stores = stores
    this.#signal = signal
    this.#lists = listsOf(stores.metadata, patience(timerPause(signal), signal))
  }

  repositories(): AsyncIterable<RepositoryName> {
    return this.#lists.repositories()
  }

  async *roots(
    repository: RepositoryName,
    only: readonly Tag[] | null,
  ): AsyncGenerator<ContentRoot> {
    const { metadata } = this.#stores
    if (!(await metadata.hasRepository(repository))) {
      throw new ContentFault('missing', 'there is no such repository')
    }
    if (only !== null) {
      for (const tag of only) yield { tag, digest: null }
      return
    }
    for await (const { digest } of this.#lists.manifests(repository)) yield { tag: null, digest }
    for await (const record of this.#lists.tags(repository)) yield record
  }

  async readManifest(repository: RepositoryName, reference: Reference): Promise<SourceManifest> {
    const record = await this.#record(repository, reference)
    if (record === null) throw new ContentFault('missing', 'it is not there')
    const { digest, mediaType, pushedAt } = record
    const find = async (): Promise<BlobRef | null> =>
      (await this.#stores.metadata.findManifest(repository, digest))?.blob ?? null
    if (record.size > mostManifestBytes) {
      throw new ContentFault('unsupported', `it is larger than ${mostManifestBytes} bytes`)
    }
    const open = await this.#open(record.blob, find)
    const bytes = open.bytes ?? new Uint8Array(await new Response(open.stream()).arrayBuffer())
    return { digest, mediaType, pushedAt, bytes }
  }

  async openBlob(repository: RepositoryName, { digest }: NamedContent): Promise<SourceBlob> {
    const find = (): Promise<BlobRef | null> => this.#stores.metadata.findBlob(repository, digest)
    const blob = await find()
    if (blob === null) throw new ContentFault('missing', 'the repository does not have it')
    const open = await this.#open(blob, find)
    return { size: open.size, stream: open.stream() }
  }

  async *referrers(repository: RepositoryName, subject: Digest): AsyncGenerator<Digest> {
    let after: string | undefined
    for (;;) {
      const page = await this.#stores.metadata.listReferrers(repository, subject, {
        maxBytes: 1_000_000,
        ...(after === undefined ? {} : { after }),
      })
      for (const { digest } of page.items) yield digest
      after = page.items.at(-1)?.digest
      if (!page.more || after === undefined) return
    }
  }

  async problems(): Promise<readonly CopyProblem[]> {
    const signal = this.#signal
    const gone = await missingDigests(this.#stores.metadata, patience(timerPause(signal), signal))
    const detail = 'the store knows already that its bytes are missing or damaged'
    return [...gone].map((name) => ({
      kind: 'missing',
      what: 'blob',
      repository: null,
      name,
      detail,
    }))
  }

  #record(repository: RepositoryName, reference: Reference): Promise<ManifestRecord | null> {
    const { metadata } = this.#stores
    return reference.kind === 'tag'
      ? metadata.resolveTag(repository, reference.tag)
      : metadata.findManifest(repository, reference.digest)
  }

  /** Opens bytes where they are now: they may have been moved, or pushed again, since they were found. */
  async #open(blob: BlobRef, find: () => Promise<BlobRef | null>): Promise<OpenBlob> {
    let ref = blob
    for (;;) {
      const open = await this.#stores.blobs.open(ref, 'anew')
      if (open !== null) return open
      const now = await find()
      if (now === null || now.key === ref.key) {
        throw new ContentFault('missing', `${ref.size} bytes are not there`)
      }
      ref = now
    }
  }
}
