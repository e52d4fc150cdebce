import type { NamingDeps } from '../core/missing-bytes.ts'
import { nameBytes } from '../core/naming.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import { beginRepository } from './begin-repository.ts'
import { type CopyDeps, inSlot } from './copy-deps.ts'
import { inParallel } from './in-parallel.ts'
import { sideBySide } from './lists.ts'
import { removeBlobs, removeManifests } from './removal.ts'
import { sameManifest, timesOf, wholeMs } from './same.ts'
import { copyTags } from './tag-copy.ts'
import { type Transferred, transfer } from './transfer.ts'
import { copyUsage } from './usage-copy.ts'

/** Finds where the source has bytes now: they may have been moved, or pushed again. */
type Find = () => Promise<BlobRef | null>

/** Copies one repository after the other, or several at a time. */
export class RepositoryCopy {
  readonly #deps: CopyDeps
  readonly #naming: NamingDeps

  constructor(deps: CopyDeps) {
    this.#deps = deps
    const { blobs, metadata } = deps.to
    this.#naming = { blobs, metadata, onNotice: deps.onNotice }
  }

  /** Copies what the target lacks: bytes first, names after, tags last. */
  async copy(name: RepositoryName, isThere: boolean): Promise<void> {
    const { tally, to, patiently, mirror } = this.#deps
    tally.looked('repository')
    const extraBlobs = await this.#blobs(name)
    const extraManifests = await this.#manifests(name)
    await copyTags(this.#deps, name)
    // After the tags, which may have stood for them.
    if (mirror && extraManifests) await removeManifests(this.#deps, name)
    if (mirror && to.metadata.notePulls !== undefined) await copyUsage(this.#deps, name)
    if (mirror && extraBlobs) await removeBlobs(this.#deps, name)
    if (isThere) return
    const isBegun = await patiently(() => to.metadata.hasRepository(name))
    if (!isBegun) await patiently(() => beginRepository(this.#deps, name))
    tally.copied('repository')
  }

  /** Removes a repository that the source does not have. */
  async remove(name: RepositoryName): Promise<void> {
    const { to, tally, patiently } = this.#deps
    const counts = await patiently(() => to.metadata.deleteRepository(name))
    if (counts === null) return
    tally.removed('repository')
    tally.removed('blob', counts.blobs)
    tally.removed('manifest', counts.manifests)
    tally.removed('tag', counts.tags)
  }

  /** Whether the target has blobs that the source does not. */
  async #blobs(name: RepositoryName): Promise<boolean> {
    const { from, lists, tally } = this.#deps
    let extra = false
    const pairs = sideBySide(
      lists.from.blobs(name),
      lists.to.blobs(name),
      ({ digest }: BlobRef) => digest,
    )
    await this.#each(pairs, async (pair) => {
      if (pair.from === null) {
        extra = true
        return
      }
      tally.looked('blob')
      if (pair.to !== null) return
      const blob = pair.from
      const find = (): Promise<BlobRef | null> => from.metadata.findBlob(name, blob.digest)
      await this.#work(() => this.#copyBlob(name, blob, find))
    })
    return extra
  }

  async #copyBlob(name: RepositoryName, blob: BlobRef, find: Find): Promise<void> {
    const { to, tally, leaseMs, turns } = this.#deps
    const { digest } = blob
    const { metadata } = to
    const mount = async (): Promise<boolean> => {
      const [holder] = await metadata.repositoriesWith(digest, 1)
      if (holder === undefined) return false
      return (await metadata.mountBlob(holder, name, digest, leaseMs)) !== null
    }
    const copied =
      (await mount()) ||
      // One transfer of a digest at a time: the others mount what it brought.
      (await turns.run(digest, async () => {
        if (await mount()) return true
        const sent = await this.#send('blob', name, blob, find)
        if (sent === null) return false
        await nameBytes(this.#naming, sent, (ref) => metadata.linkBlob(name, ref, leaseMs))
        return true
      }))
    if (copied) tally.copied('blob')
  }

  /** Whether the target has manifests that the source does not. */
  async #manifests(name: RepositoryName): Promise<boolean> {
    const { lists, tally, mirror, to } = this.#deps
    let extra = false
    const pairs = sideBySide(
      lists.from.manifests(name),
      lists.to.manifests(name),
      ({ digest }: ManifestRecord) => digest,
    )
    await this.#each(pairs, async (pair) => {
      const record = pair.from
      if (record === null) {
        extra = true
        return
      }
      tally.looked('manifest')
      const { digest } = record
      if (pair.to !== null) {
        const isSame = sameManifest(record, pair.to)
        const isCurrent = wholeMs(record.pushedAt) === wholeMs(pair.to.pushedAt)
        if (isSame && !(mirror && to.metadata.keepsTimes === true && !isCurrent)) return
        if (!mirror) {
          const detail = `it is there as ${pair.to.mediaType}, and here as ${record.mediaType}`
          tally.problem({
            kind: 'conflict',
            what: 'manifest',
            repository: name,
            name: digest,
            detail,
          })
          return
        }
      }
      await this.#work(() => this.#copyManifest(name, record))
    })
    return extra
  }

  async #copyManifest(name: RepositoryName, record: ManifestRecord): Promise<void> {
    const { from, to, tally } = this.#deps
    const { pushedAt: _, untaggedAt: __, pulledAt: ___, blob, ...facts } = record
    const find: Find = async () =>
      (await from.metadata.findManifest(name, record.digest))?.blob ?? null
    const sent = await this.#send('manifest', name, blob, find)
    if (sent === null) return
    await nameBytes(this.#naming, sent, async (ref) => {
      const outcome = await to.metadata.putManifest(name, {
        record: { ...facts, blob: ref },
        tags: [],
        immutable: [],
        // What it names may be missing in the source too.
        requires: [],
        times: timesOf(record, []),
      })
      return outcome.kind === 'stored' ? outcome.blob : null
    })
    tally.copied('manifest')
  }

  /** Bytes in the target that nothing names yet; null where the source does not have them, which is told. */
  async #send(
    what: 'blob' | 'manifest',
    repository: RepositoryName,
    blob: BlobRef,
    find: Find,
  ): Promise<BlobRef | null> {
    const { from, to, tally, hash, rate, signal } = this.#deps
    const sent = (bytes: number): void => tally.sent(bytes)
    const deps = { from: from.blobs, to: to.blobs, hash, rate, signal, sent }
    let ref = blob
    for (;;) {
      const outcome: Transferred = await transfer(deps, ref)
      if (outcome.kind === 'committed') return outcome.blob
      const now = await find()
      // Deleted since it was listed.
      if (now === null) return null
      if (now.key === ref.key) {
        tally.problem({ ...outcome, what, repository, name: blob.digest })
        return null
      }
      ref = now
    }
  }

  #each<T>(items: AsyncIterable<T>, work: (item: T) => Promise<void>): Promise<void> {
    return inParallel(items, this.#deps.concurrency, work)
  }

  #work(work: () => Promise<void>): Promise<void> {
    return inSlot(this.#deps, work)
  }
}
