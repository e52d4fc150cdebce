import { algorithmOf, type Digest, digestOf } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { settled, whenSettled } from '../oci/settled.ts'
import type { Tag } from '../oci/tag.ts'
import { newUploadId } from '../oci/upload-id.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { CacheFigures } from '../ports/figures.ts'
import type { ManifestOutcome, ManifestRecord } from '../ports/metadata-store.ts'
import type {
  Manifest,
  ManifestInfo,
  ManifestPush,
  RegistryService,
} from '../ports/registry-service.ts'
import type { ConditionalDeletes } from './conditional-deletes.ts'
import type { CoreDeps } from './deps.ts'
import { manifestCache } from './manifest-cache.ts'
import { factsOf, factsOfPush } from './manifest-events.ts'
import { type ManifestFacts, parseManifest } from './manifest-facts.ts'
import { immutable, storedOr } from './manifest-outcome.ts'
import { type Change, type NewRecord, recordOf, type Stored } from './manifest-record.ts'
import { noteMissing } from './missing-bytes.ts'
import { nameBytes } from './naming.ts'
import type { PullTimes } from './pull-times.ts'

type ManifestMethods = 'statManifest' | 'getManifest' | 'putManifest' | 'deleteManifest'

/** Manifests, and how their bytes are read. */
export interface ManifestService extends Pick<RegistryService, ManifestMethods> {
  /** The bytes of a manifest that was found; null when they are missing or not what they were. */
  readRecorded(repository: RepositoryName, record: ManifestRecord): Promise<Uint8Array | null>
  /** How often manifests were in memory. */
  figures(): CacheFigures
}

/** Manifests by tag and by digest: end-3, end-7, end-9. */
export function manifestService(
  deps: CoreDeps,
  deletes: ConditionalDeletes,
  pulls: PullTimes | null,
): ManifestService {
  const { blobs, metadata, limits } = deps
  const tellPull = deps.pullEvents ? deps.emit : null
  const cache = manifestCache(limits.manifestCacheBytes)

  function find(repository: RepositoryName, reference: Reference): Promise<ManifestRecord | null> {
    return reference.kind === 'tag'
      ? metadata.resolveTag(repository, reference.tag)
      : metadata.findManifest(repository, reference.digest)
  }

  async function readRecorded(
    repository: RepositoryName,
    record: ManifestRecord,
  ): Promise<Uint8Array | null> {
    const { digest, blob } = record
    const bytes = await readBytes(blob)
    if (bytes !== null) return bytes
    // Another key may count since the look: the bytes were moved, or pushed again.
    const now = await metadata.findManifest(repository, digest)
    return now === null || now.blob.key === blob.key ? null : readRecorded(repository, now)
  }

  async function readBytes(blob: BlobRef): Promise<Uint8Array | null> {
    const { digest } = blob
    const cached = cache.get(digest)
    if (cached !== null) return cached
    const open = await blobs.open(blob, 'anew')
    const bytes =
      open && (open.bytes ?? new Uint8Array(await new Response(open.stream()).arrayBuffer()))
    if (bytes === null || (await hashOf(deps, digest, bytes)) !== digest) {
      await noteMissing(deps, blob)
      return null
    }
    cache.put(digest, bytes)
    return bytes
  }

  return {
    readRecorded,
    figures: cache.figures,

    statManifest(call, repository, reference) {
      return settled(
        whenSettled(find(repository, reference), (record) => {
          // A client that has the image already asks for no more than this.
          if (record !== null) pulls?.note(call, repository, record.digest)
          return infoOf(record)
        }),
      )
    },

    getManifest(call, repository, reference) {
      return settled(
        whenSettled(find(repository, reference), (record) => {
          if (record === null) return null
          const { digest, size, mediaType } = record
          const answer = (bytes: Uint8Array | null): Manifest | null => {
            if (bytes === null) return null
            pulls?.note(call, repository, digest)
            tellPull?.(call, {
              kind: 'manifest-pulled',
              repository,
              ...factsOf(record),
              ...(reference.kind === 'tag' ? { tag: reference.tag } : {}),
            })
            return { digest, size, mediaType, bytes }
          }
          const cached = cache.known(digest)
          return cached === null ? readRecorded(repository, record).then(answer) : answer(cached)
        }),
      )
    },

    async putManifest(call, repository, reference, push) {
      const { bytes } = push
      if (bytes.byteLength > limits.manifestBytes) {
        throw new RegistryError('manifestTooLarge', { detail: { limit: limits.manifestBytes } })
      }
      const facts = parseManifest(bytes, push.mediaType, limits.descriptorsPerManifest)
      const digest = await digestFor(deps, reference, bytes)
      const change = changeOf(call, reference, push, facts)
      const record = recordOf(facts, digest, bytes.byteLength, call.principal)
      const telling = deps.tell<Stored>(call, (stored) =>
        factsOfPush(repository, { record, facts, change, stored }),
      )
      const stored = await store(repository, bytes, record, { ...change, ...telling.options })
      cache.put(digest, bytes)
      telling.done(stored)
      return { digest, ...(facts.subject === undefined ? {} : { subject: facts.subject }) }
    },

    async deleteManifest(call, repository, reference, deleting = {}) {
      const { isImmutable } = call
      if (reference.kind === 'tag') {
        const { tag } = reference
        if (isImmutable?.(tag) === true) throw await fixed(repository, tag)
        const { expect } = deleting
        const isStillSo = async (): Promise<boolean> =>
          expect === undefined || (await metadata.resolveTag(repository, tag))?.digest === expect
        // A store that checks deletions looks once more, in the step that makes it.
        const gone = (await isStillSo())
          ? await deletes.deleteTag(call, repository, tag, deleting)
          : null
        if (gone !== null) return
        const isThere = (await metadata.resolveTag(repository, tag)) !== null
        if (expect !== undefined && isThere) throw new RegistryError('preconditionFailed')
        throw await absent(repository)
      }
      const { digest } = reference
      const outcome = await deletes.deleteManifest(call, repository, digest, { isImmutable })
      if (outcome === null) throw await absent(repository)
      if (outcome.kind === 'removed') return
      const { tag } = outcome
      throw tag === null
        ? new RegistryError('contentNamed', { detail: { digest } })
        : immutable([{ tag, digest }])
    },
  }

  /** Why an immutable tag is not deleted. */
  async function fixed(repository: RepositoryName, tag: Tag): Promise<RegistryError> {
    const record = await metadata.resolveTag(repository, tag)
    return record === null ? absent(repository) : immutable([{ tag, digest: record.digest }])
  }

  async function absent(repository: RepositoryName): Promise<RegistryError> {
    const known = await metadata.hasRepository(repository)
    return new RegistryError(known ? 'manifestUnknown' : 'nameUnknown')
  }

  function changeOf(
    { isImmutable }: CallContext,
    reference: Reference,
    push: ManifestPush,
    facts: ManifestFacts,
  ): Change {
    const own = reference.kind === 'tag' ? reference.tag : null
    const { tags: others = [], expect, allowSparse = deps.allowSparse, mostBytes } = push
    const tags = own === null ? others : [own, ...others]
    return {
      tags,
      immutable: tags.filter((tag) => isImmutable?.(tag)),
      ...(isImmutable ? { keepsType: true } : {}),
      requires: allowSparse ? [] : facts.requires,
      ...(expect === undefined ? {} : { expect: { ...expect, tag: own } }),
      ...(mostBytes === undefined ? {} : { mostBytes }),
    }
  }

  /** Bytes first, name after. */
  async function store(
    repository: RepositoryName,
    bytes: Uint8Array,
    record: NewRecord,
    change: Change,
  ): Promise<Stored> {
    const { digest, size } = record
    const staged = await blobs.stage(newUploadId(), { length: size, digest })
    let blob: BlobRef
    try {
      // A copy: the store may reuse what it is given, and the cache keeps these bytes.
      await staged.write(bytes.slice())
      blob = await staged.commit(digest)
    } catch (error) {
      await staged.discard().catch(() => {})
      throw error
    }
    let outcome: ManifestOutcome | null = null
    await nameBytes(deps, blob, async (ref) => {
      const { tell, ...untold } = change
      const made = await metadata.putManifest(repository, {
        record: { blob: ref, ...record },
        ...(outcome === null ? change : untold),
      })
      // A second call brings a copy of the bytes: what the push changed, the first one did.
      if (outcome === null || made.kind !== 'stored') outcome = made
      return made.kind === 'stored' ? made.blob : null
    })
    return storedOr(outcome)
  }
}

function infoOf(record: ManifestRecord | null): ManifestInfo | null {
  if (record === null) return null
  const { digest, size, mediaType } = record
  return { digest, size, mediaType }
}

/** The digest a manifest is stored under: the one it was pushed by, or sha256 for a tag. */
async function digestFor(deps: CoreDeps, reference: Reference, bytes: Uint8Array): Promise<Digest> {
  if (reference.kind === 'tag') return hashOf(deps, null, bytes)
  const digest = await hashOf(deps, reference.digest, bytes)
  if (digest !== reference.digest) {
    throw new RegistryError('digestMismatch', { detail: { digest: reference.digest } })
  }
  return digest
}

async function hashOf(deps: CoreDeps, like: Digest | null, bytes: Uint8Array): Promise<Digest> {
  const algorithm = like === null ? 'sha256' : algorithmOf(like)
  const hash = deps.hash(algorithm)
  await hash.update(bytes)
  return digestOf(algorithm, await hash.digest())
}
