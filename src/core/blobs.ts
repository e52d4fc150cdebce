import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { BlobRef, StagedBlob } from '../ports/blob-store.ts'
import type { BlobInfo, RegistryService } from '../ports/registry-service.ts'
import type { CoreDeps } from './deps.ts'

/** How many repositories an anonymous mount asks about before it gives up. */
const mountCandidates = 16

type BlobService = Pick<RegistryService, 'statBlob' | 'openBlob' | 'deleteBlob' | 'mountBlob'>

/** Blobs that are there: end-2, end-10, end-11. */
export function blobService(deps: CoreDeps): BlobService {
  const { blobs, metadata, limits, clock, events } = deps
  const lease = (): number => clock() + limits.leaseMs

  return {
    async statBlob(repository, digest) {
      return infoOf(await metadata.findBlob(repository, digest, lease()))
    },

    async openBlob(repository, digest) {
      const ref = await metadata.findBlob(repository, digest)
      if (ref === null) return null
      const open = await blobs.open(ref)
      if (open === null) {
        const error = new Error(`${digest} is recorded, but its ${ref.size} bytes are not there`)
        events({ kind: 'background-failure', task: 'opening a blob', error })
      }
      return open
    },

    async deleteBlob(repository, digest) {
      if (!(await metadata.unlinkBlob(repository, digest))) {
        throw new RegistryError('blobUnknown', { detail: { digest } })
      }
    },

    async mountBlob(repository, digest, source) {
      if ('from' in source) {
        return infoOf(await metadata.mountBlob(source.from, repository, digest, lease()))
      }
      for (const candidate of await metadata.repositoriesWith(digest, mountCandidates)) {
        if (!(await source.readable(candidate))) continue
        const ref = await metadata.mountBlob(candidate, repository, digest, lease())
        if (ref !== null) return infoOf(ref)
      }
      return null
    },
  }
}

/**
 * Makes verified staged bytes a blob of the repository: durable first, named after. When naming
 * fails, the bytes are taken back unless somebody else holds them.
 */
export async function commitBlob(
  deps: CoreDeps,
  repository: RepositoryName,
  staged: StagedBlob,
  digest: Digest,
): Promise<BlobInfo> {
  const { metadata, limits, clock } = deps
  const ref = await commitNamed(deps, staged, digest, (blob) =>
    metadata.linkBlob(repository, blob, clock() + limits.leaseMs),
  )
  return { digest: ref.digest, size: ref.size }
}

/**
 * Commits staged bytes and names them, with no collection of that digest in between. Where the
 * digest was stored before under another key, the name goes to that one, and these bytes go.
 */
export async function commitNamed<T>(
  deps: CoreDeps,
  staged: StagedBlob,
  digest: Digest,
  name: (blob: BlobRef) => Promise<T>,
): Promise<T> {
  const { locks, metadata } = deps
  let unnamed: BlobRef | null = null
  try {
    return await locks.share(digest, async () => {
      const blob = await staged.commit(digest)
      unnamed = blob
      const named = await name(blob)
      if (await metadata.isHeld(blob)) unnamed = null
      return named
    })
  } finally {
    if (unnamed !== null) await dropUnheld(deps, unnamed)
  }
}

/**
 * Bytes that got no name are no use. Another push of them may be between its commit and its name,
 * so they are looked at again once nobody is.
 */
async function dropUnheld(deps: CoreDeps, blob: BlobRef): Promise<void> {
  const { blobs, metadata, locks, events } = deps
  try {
    await locks.exclude(blob.digest, async () => {
      if (!(await metadata.isHeld(blob))) await blobs.delete(blob)
    })
  } catch (error) {
    events({ kind: 'background-failure', task: 'dropping unnamed bytes', error })
  }
}

function infoOf(ref: BlobRef | null): BlobInfo | null {
  return ref === null ? null : { digest: ref.digest, size: ref.size }
}
