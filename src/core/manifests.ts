import { algorithmOf, type Digest, digestOf } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { newUploadId } from '../oci/upload-id.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import type { Manifest, ManifestPush, RegistryService } from '../ports/registry-service.ts'
import { commitNamed } from './blobs.ts'
import type { CoreDeps } from './deps.ts'
import { manifestCache } from './manifest-cache.ts'
import { type ManifestFacts, parseManifest } from './manifest-facts.ts'

type ManifestMethods = 'statManifest' | 'getManifest' | 'putManifest' | 'deleteManifest'

/** Manifests, and how their bytes are read. */
export interface ManifestService extends Pick<RegistryService, ManifestMethods> {
  /** The bytes of a manifest that is recorded; null when they are missing or not what they were. */
  readBytes(record: BlobRef): Promise<Uint8Array | null>
}

/** Manifests by tag and by digest: end-3, end-7, end-9. */
export function manifestService(deps: CoreDeps): ManifestService {
  const { blobs, metadata, limits, events } = deps
  const cache = manifestCache(limits.manifestCacheBytes)

  function find(repository: RepositoryName, reference: Reference): Promise<ManifestRecord | null> {
    return reference.kind === 'tag'
      ? metadata.resolveTag(repository, reference.tag)
      : metadata.findManifest(repository, reference.digest)
  }

  async function readBytes(blob: BlobRef): Promise<Uint8Array | null> {
    const cached = cache.get(blob.digest)
    if (cached !== null) return cached
    const open = await blobs.open(blob)
    if (open === null) return null
    const bytes = new Uint8Array(await new Response(open.stream()).arrayBuffer())
    if (hashOf(deps, blob.digest, bytes) !== blob.digest) return null
    cache.put(blob.digest, bytes)
    return bytes
  }

  return {
    readBytes,

    statManifest: find,

    async getManifest(repository, reference): Promise<Manifest | null> {
      const record = await find(repository, reference)
      if (record === null) return null
      const bytes = cache.get(record.digest) ?? (await readBytes(record.blob))
      if (bytes === null) {
        const error = new Error(`the bytes of manifest ${record.digest} are missing or damaged`)
        events({ kind: 'background-failure', task: 'reading a manifest', error })
        return null
      }
      return { digest: record.digest, size: record.size, mediaType: record.mediaType, bytes }
    },

    async putManifest(repository, reference, push) {
      const { bytes } = push
      if (bytes.byteLength > limits.manifestBytes) {
        throw new RegistryError('manifestTooLarge', { detail: { limit: limits.manifestBytes } })
      }
      const facts = parseManifest(bytes, push.mediaType, limits.descriptorsPerManifest)
      const digest = digestFor(deps, reference, bytes)
      await store(repository, reference, push, facts, digest)
      cache.put(digest, bytes)
      return { digest, ...(facts.subject === undefined ? {} : { subject: facts.subject }) }
    },

    async deleteManifest(repository, reference) {
      const deleted =
        reference.kind === 'tag'
          ? await metadata.deleteTag(repository, reference.tag)
          : await metadata.deleteManifest(repository, reference.digest)
      if (deleted) return
      const known = await metadata.hasRepository(repository)
      throw new RegistryError(known ? 'manifestUnknown' : 'nameUnknown')
    },
  }

  async function store(
    repository: RepositoryName,
    reference: Reference,
    push: ManifestPush,
    facts: ManifestFacts,
    digest: Digest,
  ): Promise<void> {
    const { bytes, expect } = push
    const ownTag = reference.kind === 'tag' ? [reference.tag] : []
    const id = newUploadId()
    const staged = await blobs.stage(id, { length: bytes.byteLength, digest })
    try {
      await staged.write(bytes)
      await commitNamed(deps, staged, digest, async (blob) => {
        const outcome = await metadata.putManifest(repository, {
          record: recordOf(facts, digest, bytes.byteLength, blob),
          tags: [...ownTag, ...(push.tags ?? [])],
          requires: deps.allowSparse ? [] : facts.requires,
          ...(expect === undefined ? {} : { expect }),
        })
        if (outcome.kind === 'conflict') throw new RegistryError('preconditionFailed')
        if (outcome.kind === 'missing') {
          const details = outcome.digests.map((missing) => ({ digest: missing }))
          throw new RegistryError('manifestBlobUnknown', { details })
        }
      })
    } catch (error) {
      await staged.discard().catch(() => {})
      throw error
    }
  }
}

function recordOf(
  facts: ManifestFacts,
  digest: Digest,
  size: number,
  blob: BlobRef,
): ManifestRecord {
  const { mediaType, artifactType, subject, references, annotations } = facts
  return {
    digest,
    size,
    mediaType,
    blob,
    references,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject }),
    ...(annotations?.length === 0 ? {} : { annotations: annotations ?? [] }),
  }
}

/** The digest a manifest is stored under: the one it was pushed by, or sha256 for a tag. */
function digestFor(deps: CoreDeps, reference: Reference, bytes: Uint8Array): Digest {
  if (reference.kind === 'tag') return hashOf(deps, null, bytes)
  const digest = hashOf(deps, reference.digest, bytes)
  if (digest !== reference.digest) {
    throw new RegistryError('digestMismatch', { detail: { digest: reference.digest } })
  }
  return digest
}

function hashOf(deps: CoreDeps, like: Digest | null, bytes: Uint8Array): Digest {
  const algorithm = like === null ? 'sha256' : algorithmOf(like)
  const hash = deps.hash(algorithm)
  hash.update(bytes)
  return digestOf(algorithm, hash.digest())
}
