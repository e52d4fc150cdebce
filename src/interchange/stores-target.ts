import type { CopiedStores } from '../copy/report.ts'
import { timesOf, wholeMs } from '../copy/same.ts'
import { safeNotices } from '../core/callbacks.ts'
import { recordOf } from '../core/manifest-record.ts'
import type { NamingDeps } from '../core/missing-bytes.ts'
import { nameBytes } from '../core/naming.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import { newUploadId } from '../oci/upload-id.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestOutcome } from '../ports/metadata-store.ts'
import type { NoticeSink } from '../ports/notices.ts'
import {
  type BlobWriter,
  ContentFault,
  type ContentTarget,
  type NamedContent,
  type TagOutcome,
  type TargetLooks,
  type TargetManifest,
} from './content.ts'

/** Long enough for the largest repository, and no reason to keep garbage for long. */
const defaultLeaseMs = 7 * 24 * 60 * 60 * 1000

/** Settings of {@link storesTarget}. */
export interface StoresTargetOptions {
  /**
   * How long the target keeps blobs that no manifest names, in milliseconds: longer than the transfer of a
   * repository takes. Default: 7 days.
   */
  readonly leaseMs?: number
  /** Told of bytes in the target that turn out to be missing, and of those that could not be deleted. */
  readonly onNotice?: NoticeSink
}

/** A registry's stores, to be filled. A manifest may name what the source does not have. */
export function storesTarget(
  stores: CopiedStores,
  options: StoresTargetOptions = {},
): ContentTarget {
  return new StoresTarget(stores, options)
}

class StoresTarget implements ContentTarget {
  readonly #stores: CopiedStores
  readonly #naming: NamingDeps
  readonly #leaseMs: number
  readonly looks: TargetLooks = {
    hasBlob: async (repository, digest) =>
      (await this.#stores.metadata.findBlob(repository, digest)) !== null,
    manifest: async (repository, reference) => {
      const { metadata } = this.#stores
      if (reference.kind === 'tag') {
        return (await metadata.resolveTag(repository, reference.tag))?.digest ?? null
      }
      return (await metadata.findManifest(repository, reference.digest))?.digest ?? null
    },
  }

  constructor(stores: CopiedStores, options: StoresTargetOptions) {
    this.#stores = stores
    this.#leaseMs = options.leaseMs ?? defaultLeaseMs
    this.#naming = { ...stores, onNotice: safeNotices(options.onNotice) }
  }

  async hasBlob(repository: RepositoryName, { digest }: NamedContent): Promise<boolean> {
    const { metadata } = this.#stores
    return (await metadata.keepBlob(repository, digest, this.#leaseMs)) !== null
  }

  async mountBlob(repository: RepositoryName, { digest }: NamedContent): Promise<boolean> {
    const { metadata } = this.#stores
    const [holder] = await metadata.repositoriesWith(digest, 1)
    if (holder === undefined) return false
    return (await metadata.mountBlob(holder, repository, digest, this.#leaseMs)) !== null
  }

  async stageBlob(repository: RepositoryName, { digest, size }: NamedContent): Promise<BlobWriter> {
    const { blobs, metadata } = this.#stores
    const staged = await blobs.stage(newUploadId(), { length: size, digest })
    return {
      write: async (chunk) => await staged.write(chunk),
      commit: async () => {
        const blob = await staged.commit(digest)
        await nameBytes(this.#naming, blob, (ref) =>
          metadata.linkBlob(repository, ref, this.#leaseMs),
        )
      },
      discard: () => staged.discard(),
    }
  }

  async putManifest(
    repository: RepositoryName,
    manifest: TargetManifest,
  ): Promise<'stored' | 'same'> {
    const { digest, bytes, mediaType, facts, pushedAt } = manifest
    const { blobs, metadata } = this.#stores
    const found = await metadata.findManifest(repository, digest)
    if (found?.mediaType === mediaType) return 'same'
    if (found !== null) {
      const detail = `it is there as ${found.mediaType}, and here as ${mediaType}`
      throw new ContentFault('conflict', detail)
    }
    const size = bytes.byteLength
    const staged = await blobs.stage(newUploadId(), { length: size, digest })
    let blob: BlobRef
    try {
      // A copy: the store may reuse what it is given.
      await staged.write(bytes.slice())
      blob = await staged.commit(digest)
    } catch (error) {
      await staged.discard().catch(() => {})
      throw error
    }
    await nameBytes(this.#naming, blob, async (ref) => {
      const outcome = await metadata.putManifest(repository, {
        record: { blob: ref, ...recordOf(facts, digest, size) },
        tags: [],
        immutable: [],
        // What it names may be missing in the source too.
        requires: [],
        ...(metadata.keepsTimes === true && pushedAt !== undefined
          ? { times: { pushedAt: wholeMs(pushedAt), updatedAt: [] } }
          : {}),
      })
      return outcome.kind === 'stored' ? outcome.blob : null
    })
    return 'stored'
  }

  async setTag(
    repository: RepositoryName,
    tag: Tag,
    { digest }: TargetManifest,
    { moves, updatedAt }: { readonly moves: boolean; readonly updatedAt?: number },
  ): Promise<TagOutcome> {
    const { metadata } = this.#stores
    const before = await metadata.resolveTag(repository, tag)
    if (before?.digest === digest) return { kind: 'same' }
    const found = await metadata.findManifest(repository, digest)
    if (found === null) throw new ContentFault('missing', `its manifest ${digest} was deleted`)
    const { pushedAt: _, untaggedAt: __, pulledAt: ___, ...record } = found
    const outcome: ManifestOutcome = await metadata.putManifest(repository, {
      record,
      tags: [tag],
      immutable: moves ? [] : [tag],
      requires: [],
      // The key of its bytes counts while the manifest is there, and may not be named after that.
      expect: { tag: null, match: [digest] },
      ...(metadata.keepsTimes === true
        ? { times: { ...timesOf(found, []), updatedAt: [wholeMs(updatedAt ?? Date.now())] } }
        : {}),
    })
    if (outcome.kind === 'stored') return { kind: 'set' }
    if (outcome.kind !== 'immutable') {
      throw new ContentFault('missing', `its manifest ${digest} was deleted`)
    }
    const detail = `it stands for ${outcome.tags[0]?.digest} there, and for ${digest} here`
    return { kind: 'conflict', detail }
  }

  async finish(): Promise<void> {}
}
