import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type {
  ManifestChange,
  ManifestOutcome,
  ManifestRecord,
  MetadataStore,
  Page,
  PageRequest,
  ReferrersRequest,
} from '../ports/metadata-store.ts'
import type { Batch } from './batch.ts'
import * as changes from './changes.ts'
import type { State } from './state.ts'

/** Makes changes durable, and keeps readers from what is not. */
export interface Commit {
  /** What is in the state and not yet durable. */
  readonly flight: Batch | null
  /** Why nothing can be changed any more. */
  readonly failure: RegistryError | null
  change<T>(evaluate: (batch: Batch) => T): Promise<T>
  afterFlight<T>(read: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

const nobody: Promise<null> = Promise.resolve(null)
const emptyPage: Page<never> = { items: [], more: false }

/**
 * Names, in memory. Reads answer at once from the state; only what is on its way to disk at that
 * moment is waited for. Their methods are no async functions: most of their time would go there.
 */
export class MemoryMetadata implements MetadataStore {
  readonly #state: State
  readonly #commit: Commit
  #closing: Promise<void> | null = null

  constructor(state: State, commit: Commit) {
    this.#state = state
    this.#commit = commit
  }

  hasRepository(repository: RepositoryName): Promise<boolean> {
    if (this.#commit.flight?.begins(repository)) {
      return this.#commit.afterFlight(() => this.hasRepository(repository))
    }
    return Promise.resolve(this.#state.repositories.has(repository))
  }

  listRepositories(page: PageRequest): Promise<Page<RepositoryName>> {
    if (this.#commit.flight?.touchesRepositories()) {
      return this.#commit.afterFlight(() => this.listRepositories(page))
    }
    return Promise.resolve(this.#state.repositoryNames.page(page.after, page.limit))
  }

  findBlob(
    repository: RepositoryName,
    digest: Digest,
    keepUntil?: number,
  ): Promise<BlobRef | null> {
    const { flight } = this.#commit
    if (flight?.touches(repository, digest))
      return this.#findBlobLater(repository, digest, keepUntil)
    const link = this.#state.repositories.get(repository)?.links.get(digest)
    if (link === undefined || link.holding === null) return nobody
    if (keepUntil !== undefined) this.#state.leases.extend(link, keepUntil)
    return Promise.resolve(link.holding.ref)
  }

  repositoriesWith(digest: Digest, limit: number): Promise<readonly RepositoryName[]> {
    if (this.#commit.flight?.touchesBytes(digest)) {
      return this.#commit.afterFlight(() => this.repositoriesWith(digest, limit))
    }
    const links = this.#state.holdings.get(digest)?.links ?? []
    return Promise.resolve(links.slice(0, limit).map((link) => link.repository.name))
  }

  linkBlob(repository: RepositoryName, blob: BlobRef, keepUntil: number): Promise<BlobRef> {
    return this.#change((batch) => changes.linkBlob(batch, repository, blob, keepUntil))
  }

  mountBlob(
    from: RepositoryName,
    to: RepositoryName,
    digest: Digest,
    keepUntil: number,
  ): Promise<BlobRef | null> {
    return this.#change((batch) => changes.mountBlob(batch, from, to, digest, keepUntil))
  }

  unlinkBlob(repository: RepositoryName, digest: Digest): Promise<boolean> {
    return this.#change((batch) => changes.unlinkBlob(batch, repository, digest))
  }

  findManifest(repository: RepositoryName, digest: Digest): Promise<ManifestRecord | null> {
    if (this.#commit.flight?.touches(repository, digest)) {
      return this.#findManifestLater(repository, digest)
    }
    const record = this.#state.repositories.get(repository)?.manifests.get(digest)
    return record === undefined ? nobody : Promise.resolve(record)
  }

  resolveTag(repository: RepositoryName, tag: Tag): Promise<ManifestRecord | null> {
    const { flight } = this.#commit
    if (flight?.touches(repository, tag)) return this.#resolveTagLater(repository, tag)
    const names = this.#state.repositories.get(repository)
    const digest = names?.tags.get(tag)
    if (names === undefined || digest === undefined) return nobody
    if (flight?.touches(repository, digest)) return this.#resolveTagLater(repository, tag)
    const record = names.manifests.get(digest)
    return record === undefined ? nobody : Promise.resolve(record)
  }

  /** @throws TypeError when the record's blob is not the manifest itself. */
  putManifest(repository: RepositoryName, change: ManifestChange): Promise<ManifestOutcome> {
    const { digest, size, blob } = change.record
    if (blob.digest !== digest || blob.size !== size) {
      return Promise.reject(new TypeError(`the blob of manifest ${digest} is of another content`))
    }
    return this.#change((batch) => changes.putManifest(batch, repository, change))
  }

  deleteManifest(repository: RepositoryName, digest: Digest): Promise<boolean> {
    return this.#change((batch) => changes.deleteManifest(batch, repository, digest))
  }

  deleteTag(repository: RepositoryName, tag: Tag): Promise<boolean> {
    return this.#change((batch) => changes.deleteTag(batch, repository, tag))
  }

  listTags(repository: RepositoryName, page: PageRequest): Promise<Page<Tag> | null> {
    if (this.#commit.flight?.touchesTags(repository)) {
      return this.#commit.afterFlight(() => this.listTags(repository, page))
    }
    const names = this.#state.repositories.get(repository)
    return names === undefined
      ? nobody
      : Promise.resolve(names.tagNames.page(page.after, page.limit))
  }

  listReferrers(
    repository: RepositoryName,
    subject: string,
    request: ReferrersRequest,
  ): Promise<Page<Descriptor>> {
    if (this.#commit.flight?.touchesSubject(repository, subject)) {
      return this.#commit.afterFlight(() => this.listReferrers(repository, subject, request))
    }
    const names = this.#state.repositories.get(repository)
    const referrers = names?.referrers.get(subject)
    if (names === undefined || referrers === undefined) return Promise.resolve(emptyPage)
    return Promise.resolve(referrers.page(request, names.find))
  }

  /** Fewer than `limit` means that nothing more is to be had now. */
  async condemn(before: number, limit: number): Promise<readonly BlobRef[]> {
    for (;;) {
      const step = await this.#change((batch) => changes.condemn(batch, before, limit))
      if (step.blobs.length >= limit || !step.more) return step.blobs
    }
  }

  /**
   * True for everything once writing has failed: what was refused then may still be on disk, and
   * named again after the next start.
   */
  isHeld(blob: BlobRef): Promise<boolean> {
    if (this.#commit.flight?.touchesBytes(blob.digest)) {
      return this.#commit.afterFlight(() => this.isHeld(blob))
    }
    if (this.#commit.failure !== null) return Promise.resolve(true)
    const holding = this.#state.holdings.get(blob.digest)
    const isHeld = holding !== undefined && !this.#state.orphans.has(holding)
    return Promise.resolve(isHeld && holding.ref?.key === blob.key)
  }

  forget(blob: BlobRef): Promise<void> {
    return this.#change((batch) => changes.forget(batch, blob))
  }

  close(): Promise<void> {
    this.#closing ??= this.#commit.close()
    return this.#closing
  }

  #change<T>(evaluate: (batch: Batch) => T): Promise<T> {
    if (this.#closing !== null) return Promise.reject(new RegistryError('unavailable'))
    return this.#commit.change(evaluate)
  }

  // Apart from their methods, because a closure costs every call of a function that may make one.

  #findBlobLater(
    repository: RepositoryName,
    digest: Digest,
    keepUntil: number | undefined,
  ): Promise<BlobRef | null> {
    return this.#commit.afterFlight(() => this.findBlob(repository, digest, keepUntil))
  }

  #findManifestLater(repository: RepositoryName, digest: Digest): Promise<ManifestRecord | null> {
    return this.#commit.afterFlight(() => this.findManifest(repository, digest))
  }

  #resolveTagLater(repository: RepositoryName, tag: Tag): Promise<ManifestRecord | null> {
    return this.#commit.afterFlight(() => this.resolveTag(repository, tag))
  }
}
