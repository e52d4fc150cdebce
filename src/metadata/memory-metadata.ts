import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { settled } from '../oci/settled.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { MetadataFigures } from '../ports/figures.ts'
import type {
  BlobDeletion,
  BlobRemoval,
  KeptManifest,
  ManifestChange,
  ManifestDeletion,
  ManifestOutcome,
  MetadataStore,
  Outbox,
  PullNote,
  RemovedManifest,
  RepositoryCounts,
  RepositoryDeletion,
  RestoreOptions,
  RestoreOutcome,
  TagDeletion,
  Telling,
} from '../ports/metadata-store.ts'
import type { Batch } from './batch.ts'
import * as bytes from './bytes-changes.ts'
import * as changes from './changes.ts'
import { condemn } from './condemnation.ts'
import * as deletions from './deletions.ts'
import { figuresOf } from './figures.ts'
import { MemoryOutbox } from './memory-outbox.ts'
import { MetadataBrowsing } from './metadata-browsing.ts'
import type { Commit } from './metadata-reads.ts'
import { nextTurn } from './next-turn.ts'
import { Restoration } from './restoration.ts'
import type { State } from './state.ts'
import { TagCheck } from './tag-check.ts'

const nothing: Promise<null> = settled(null)

/** Names, in memory. Changes are evaluated one after the other, and made durable by a {@link Commit}. */
export class MemoryMetadata extends MetadataBrowsing implements MetadataStore {
  readonly countsBytes: boolean = true
  readonly keepsTimes: boolean = true
  readonly checksDeletions: boolean = true
  readonly keepsTrash: boolean = true
  readonly outbox: Outbox
  readonly #leaseMs: number
  #closing: Promise<void> | null = null
  /** One deletion after the other looks through many tags, or each would take its share of a turn. */
  #looking: Promise<void> = Promise.resolve()

  /** @param leaseMs how long what a manifest named is kept where a change does not say it */
  constructor(state: State, commit: Commit, leaseMs: number) {
    super(state, commit)
    this.#leaseMs = leaseMs
    this.outbox = new MemoryOutbox({ state, commit, change: (evaluate) => this.#change(evaluate) })
  }

  figures(): MetadataFigures {
    return figuresOf(this.state)
  }

  linkBlob(
    repository: RepositoryName,
    blob: BlobRef,
    leaseMs: number,
    options?: Telling<BlobRef>,
  ): Promise<BlobRef> {
    return this.#change((batch) => changes.linkBlob(batch, repository, blob, leaseMs, options))
  }

  mountBlob(
    from: RepositoryName,
    to: RepositoryName,
    digest: Digest,
    leaseMs: number,
    options?: Telling<BlobRef>,
  ): Promise<BlobRef | null> {
    return this.#change((batch) => changes.mountBlob(batch, from, to, digest, leaseMs, options))
  }

  /** Where nothing can be written any more, nothing is collected either, so that no lease is needed. */
  keepBlob(repository: RepositoryName, digest: Digest, leaseMs: number): Promise<BlobRef | null> {
    const { flight, failure } = this.commit
    if (failure !== null) return this.findBlob(repository, digest)
    if (flight !== null && (flight.touches(repository, digest) || flight.touchesBytes(digest))) {
      return this.#keepBlobInTurn(repository, digest, leaseMs)
    }
    const link = this.state.repositories.get(repository)?.links.get(digest)
    const blob = link?.holding?.readable
    if (link === undefined || !blob) return nothing
    if (link.keepUntil >= changes.leaseEnd(this.commit.moment(), leaseMs)) {
      return settled(blob)
    }
    const isNamed = link.references > 0 && !flight?.touchesRepository(repository)
    return isNamed ? settled(blob) : this.#keepBlobInTurn(repository, digest, leaseMs)
  }

  unlinkBlob(
    repository: RepositoryName,
    digest: Digest,
    options?: BlobDeletion,
  ): Promise<BlobRemoval> {
    return this.#change((batch) => deletions.unlinkBlob(batch, repository, digest, options))
  }

  /** @throws TypeError when the record's blob is not the manifest itself. */
  putManifest(repository: RepositoryName, change: ManifestChange): Promise<ManifestOutcome> {
    const { digest, size, blob } = change.record
    if (blob.digest !== digest || blob.size !== size) {
      return Promise.reject(new TypeError(`the blob of manifest ${digest} is of another content`))
    }
    const leaseMs = this.#leaseMs
    return this.#change((batch) => changes.putManifest(batch, repository, change, leaseMs))
  }

  async deleteManifest(
    repository: RepositoryName,
    digest: Digest,
    options: ManifestDeletion,
  ): Promise<RemovedManifest | KeptManifest | null> {
    const { isImmutable } = options
    const remove = (check: TagCheck | null) =>
      this.#change((batch) => deletions.deleteManifest(batch, repository, digest, options, check))
    if (!isImmutable) return (await remove(null)) as RemovedManifest | null
    const check = new TagCheck(isImmutable)
    try {
      for (;;) {
        const outcome = await remove(check)
        if (outcome !== 'unchecked') return outcome
        const looked = this.#looking.then(() =>
          check.begin(this.state, this.commit, repository, digest),
        )
        this.#looking = looked.catch(() => {})
        await looked
      }
    } finally {
      check.end()
    }
  }

  deleteTag(repository: RepositoryName, tag: Tag, options?: TagDeletion): Promise<Digest | null> {
    return this.#change((batch) => deletions.deleteTag(batch, repository, tag, options))
  }

  deleteRepository(
    repository: RepositoryName,
    options?: RepositoryDeletion,
  ): Promise<RepositoryCounts | null> {
    return this.#change((batch) => deletions.deleteRepository(batch, repository, options))
  }

  deleteEmptyRepositories(
    limit: number,
    among?: readonly RepositoryName[],
    options?: Telling<RepositoryName>,
  ): Promise<readonly RepositoryName[]> {
    return this.#change((batch) => deletions.deleteEmptyRepositories(batch, limit, among, options))
  }

  notePulls(pulls: readonly PullNote[]): Promise<void> {
    return this.#change((batch) => changes.notePulls(batch, pulls))
  }

  pullsSince(): Promise<number | null> {
    return this.commit.afterFlight(async () => this.state.pullsSince)
  }

  async restore(
    repository: RepositoryName,
    id: string,
    options: RestoreOptions,
  ): Promise<RestoreOutcome | null> {
    const restoration = new Restoration(repository, id, options)
    for (;;) {
      // The times of tags are complete once all are taken out of their repository.
      await this.state.leftovers.done()
      const outcome = await this.#change((batch) => restoration.step(batch))
      if (outcome !== 'more') return outcome
      // A log may be so fast that nobody else would have a turn.
      await nextTurn()
    }
  }

  dropTrash(ids: readonly string[] | 'all', limit: number): Promise<number> {
    return this.#change((batch) => deletions.dropTrash(batch, ids, limit))
  }

  markMissing(blob: BlobRef): Promise<boolean> {
    return this.#change((batch) => bytes.markMissing(batch, blob))
  }

  /** @throws TypeError when the two are not of the same content. */
  async healMissing(from: BlobRef, to: BlobRef): Promise<boolean> {
    expectSameContent(from, to)
    return this.#change((batch) => bytes.healMissing(batch, from, to))
  }

  /** @throws TypeError when the two are not of the same content. */
  async relocate(from: BlobRef, to: BlobRef): Promise<boolean> {
    expectSameContent(from, to)
    return this.#change((batch) => bytes.relocate(batch, from, to))
  }

  async condemn(limit: number): Promise<readonly BlobRef[]> {
    for (;;) {
      await this.state.leftovers.done()
      const step = await this.#change((batch) => condemn(batch, limit))
      if (step.blobs.length >= limit || !step.more) return step.blobs
    }
  }

  forget(blob: BlobRef): Promise<void> {
    return this.#change((batch) => bytes.forget(batch, blob))
  }

  check(): Promise<void> {
    if (this.#closing !== null) return Promise.reject(new RegistryError('unavailable'))
    return this.commit.check()
  }

  close(): Promise<void> {
    this.#closing ??= this.commit.close()
    return this.#closing
  }

  #keepBlobInTurn(
    repository: RepositoryName,
    digest: Digest,
    leaseMs: number,
  ): Promise<BlobRef | null> {
    return this.#change((batch) => changes.keepBlob(batch, repository, digest, leaseMs))
  }

  #change<T>(evaluate: (batch: Batch) => T): Promise<T> {
    if (this.#closing !== null) return Promise.reject(new RegistryError('unavailable'))
    return this.commit.change(evaluate)
  }
}

/** @throws TypeError */
function expectSameContent(from: BlobRef, to: BlobRef): void {
  if (from.digest === to.digest && from.size === to.size) return
  throw new TypeError(`the copy of ${from.digest} is of another content`)
}
