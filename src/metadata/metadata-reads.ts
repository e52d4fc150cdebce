import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { settled } from '../oci/settled.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef, StoredKey } from '../ports/blob-store.ts'
import type {
  ManifestEntry,
  ManifestRecord,
  MissingBytes,
  NamedBytes,
  Page,
  PageRequest,
  ReferrersRequest,
  RepositoryCounts,
  TagRecord,
  TrashEntry,
} from '../ports/metadata-store.ts'
import type { Batch, Moment } from './batch.ts'
import { countsOf } from './counts.ts'
import { knownKeys } from './key-search.ts'
import { NamedList } from './named-list.ts'
import { blobPage, manifestPage, tagRecordPage } from './pages.ts'
import type { Repository } from './repository.ts'
import type { State } from './state.ts'
import { trashPage } from './trash-pages.ts'

/** Makes changes durable, and keeps readers from what is not. */
export interface Commit {
  /** What is in the state and not yet durable. */
  readonly flight: Batch | null
  /** Why nothing can be changed any more. */
  readonly failure: RegistryError | null
  moment(): Moment
  change<T>(evaluate: (batch: Batch) => T): Promise<T>
  afterFlight<T>(read: () => Promise<T>): Promise<T>
  /** @throws Error that says why the store cannot be used now. */
  check(): Promise<void>
  close(): Promise<void>
}

const nothing: Promise<null> = settled(null)
const emptyPage: Page<never> = { items: [], more: false }

/**
 * What can be read, from memory and at once; only what is on its way to disk at that moment is waited
 * for. The methods are not async functions, where most of their time would go.
 */
export class MetadataReads {
  protected readonly state: State
  protected readonly commit: Commit
  readonly #named: NamedList

  constructor(state: State, commit: Commit) {
    this.state = state
    this.commit = commit
    this.#named = new NamedList(state.holdings)
  }

  hasRepository(repository: RepositoryName): Promise<boolean> {
    if (this.commit.flight?.touchesWhole(repository)) {
      return this.commit.afterFlight(() => this.hasRepository(repository))
    }
    return Promise.resolve(this.state.repositories.has(repository))
  }

  listRepositories(page: PageRequest): Promise<Page<RepositoryName>> {
    if (this.commit.flight?.touchesRepositories()) {
      return this.commit.afterFlight(() => this.listRepositories(page))
    }
    return Promise.resolve(this.state.repositoryNames.page(page.after, page.limit))
  }

  countRepository(repository: RepositoryName): Promise<RepositoryCounts | null> {
    return this.readWhole(repository, countsOf)
  }

  findBlob(repository: RepositoryName, digest: Digest): Promise<BlobRef | null> {
    const { flight } = this.commit
    if (flight !== null && (flight.touches(repository, digest) || flight.touchesBytes(digest))) {
      return this.#findBlobLater(repository, digest)
    }
    const blob = this.state.repositories.get(repository)?.blob(digest)
    return blob ? settled(blob) : nothing
  }

  repositoriesWith(digest: Digest, limit: number): Promise<readonly RepositoryName[]> {
    if (this.commit.flight?.touchesDigest(digest)) {
      return this.commit.afterFlight(() => this.repositoriesWith(digest, limit))
    }
    const names: RepositoryName[] = []
    const holding = this.state.holdings.get(digest)
    let link = holding === undefined || holding.isMissing ? null : holding.firstLink
    for (; link !== null && names.length < limit; link = link.next) {
      const { repository } = link
      if (!repository.isDeleted) names.push(repository.name)
    }
    return Promise.resolve(names)
  }

  listBlobs(repository: RepositoryName, page: PageRequest): Promise<Page<BlobRef> | null> {
    return this.readWhole(repository, (names) => blobPage(names, page))
  }

  findManifest(repository: RepositoryName, digest: Digest): Promise<ManifestRecord | null> {
    const { flight } = this.commit
    if (flight !== null && (flight.touches(repository, digest) || flight.touchesBytes(digest))) {
      return this.#findManifestLater(repository, digest)
    }
    const record = this.state.repositories.get(repository)?.manifest(digest)
    return record ? settled(record) : nothing
  }

  resolveTag(repository: RepositoryName, tag: Tag): Promise<ManifestRecord | null> {
    const { flight } = this.commit
    if (flight?.touches(repository, tag)) return this.#resolveTagLater(repository, tag)
    const target = this.state.repositories.get(repository)?.tags.get(tag)
    if (target === undefined) return nothing
    if (flight !== null) {
      const { digest } = target
      if (flight.touches(repository, digest) || flight.touchesBytes(digest)) {
        return this.#resolveTagLater(repository, tag)
      }
    }
    const record = target.readable
    return record === null ? nothing : settled(record)
  }

  listTags(repository: RepositoryName, page: PageRequest): Promise<Page<Tag> | null> {
    if (this.commit.flight?.touchesTags(repository)) {
      return this.commit.afterFlight(() => this.listTags(repository, page))
    }
    const names = this.state.repositories.get(repository)
    if (names === undefined) return nothing
    if (names.tags.leftovers > 0) return this.afterLeftovers(() => this.listTags(repository, page))
    return Promise.resolve(names.tags.names.page(page.after, page.limit))
  }

  listTagRecords(repository: RepositoryName, page: PageRequest): Promise<Page<TagRecord> | null> {
    if (this.state.repositories.get(repository)?.tags.leftovers) {
      return this.afterLeftovers(() => this.listTagRecords(repository, page))
    }
    return this.readWhole(repository, (names) => tagRecordPage(names, page))
  }

  listManifests(
    repository: RepositoryName,
    page: PageRequest,
  ): Promise<Page<ManifestEntry> | null> {
    return this.readWhole(repository, (names) => manifestPage(names, page))
  }

  listReferrers(
    repository: RepositoryName,
    subject: string,
    request: ReferrersRequest,
  ): Promise<Page<Descriptor>> {
    const { flight } = this.commit
    if (
      flight !== null &&
      (flight.touchesSubject(repository, subject) || flight.touchesAnyBytes())
    ) {
      return this.commit.afterFlight(() => this.listReferrers(repository, subject, request))
    }
    const names = this.state.repositories.get(repository)
    const referrers = names?.referrers.get(subject)
    if (names === undefined || referrers === undefined) return Promise.resolve(emptyPage)
    return Promise.resolve(referrers.page(request, (digest) => names.manifest(digest)))
  }

  listTrash(page: PageRequest, repository?: RepositoryName): Promise<Page<TrashEntry>> {
    if (this.commit.flight !== null) {
      return this.commit.afterFlight(() => this.listTrash(page, repository))
    }
    const { trash } = this.state
    const ids = repository === undefined ? trash.ids : trash.idsOf(repository)
    return Promise.resolve(trashPage(trash, ids, page, this.commit.moment().now))
  }

  listMissing(limit: number): Promise<MissingBytes> {
    if (this.commit.flight !== null) {
      return this.commit.afterFlight(() => this.listMissing(limit))
    }
    if (this.state.leftovers.isPending) return this.afterLeftovers(() => this.listMissing(limit))
    const { missing } = this.state.holdings
    const blobs: BlobRef[] = []
    for (const { ref } of missing) {
      if (blobs.length >= limit) break
      blobs.push(ref)
    }
    return Promise.resolve({ count: missing.size, blobs })
  }

  async listNamed(page: PageRequest): Promise<Page<NamedBytes>> {
    if (this.state.leftovers.isPending) await this.state.leftovers.done()
    return this.#named.page(page, (read) => this.commit.afterFlight(read))
  }

  /**
   * True for everything once writing has failed: what was refused then may still be on disk, and
   * named again after the next start.
   */
  async knowsKeys(keys: readonly StoredKey[]): Promise<readonly boolean[]> {
    const { flight } = this.commit
    if (flight !== null && keys.some(({ digest }) => digest && flight.touchesDigest(digest))) {
      return this.commit.afterFlight(() => this.knowsKeys(keys))
    }
    const known = await knownKeys(this.state.holdings, keys)
    return this.commit.failure === null ? known : keys.map(() => true)
  }

  /** Reads once nothing of a deletion is left in the maps. */
  protected async afterLeftovers<T>(read: () => Promise<T>): Promise<T> {
    await this.state.leftovers.done()
    return read()
  }

  /** Reads of a repository what anything in it may change; null where there is none. */
  protected readWhole<T>(
    name: RepositoryName,
    read: (repository: Repository) => T,
  ): Promise<T | null> {
    const { flight } = this.commit
    if (flight !== null && (flight.touchesRepository(name) || flight.touchesAnyBytes())) {
      return this.commit.afterFlight(() => this.readWhole(name, read))
    }
    const repository = this.state.repositories.get(name)
    return repository === undefined ? nothing : Promise.resolve(read(repository))
  }

  // Apart from their methods, because a closure costs every call of a function that may make one.

  #findBlobLater(repository: RepositoryName, digest: Digest): Promise<BlobRef | null> {
    return this.commit.afterFlight(() => this.findBlob(repository, digest))
  }

  #findManifestLater(repository: RepositoryName, digest: Digest): Promise<ManifestRecord | null> {
    return this.commit.afterFlight(() => this.findManifest(repository, digest))
  }

  #resolveTagLater(repository: RepositoryName, tag: Tag): Promise<ManifestRecord | null> {
    return this.commit.afterFlight(() => this.resolveTag(repository, tag))
  }
}
