import type { ByteSpan } from '../oci/byte-range.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { settled, whenSettled } from '../oci/settled.ts'
import type { BlobRef, OpenBlob } from '../ports/blob-store.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { BlobInfo, RegistryService } from '../ports/registry-service.ts'
import type { CoreDeps } from './deps.ts'
import { noteMissing } from './missing-bytes.ts'
import { deletionOf } from './trash.ts'
import { verifiedReads } from './verified-reads.ts'

/** How many repositories an anonymous mount asks about before it gives up. */
const mountCandidates = 16
/** How long a redirect to the bytes is good for, in milliseconds. */
const locationMs = 20 * 60 * 1000

/** Which bytes of a blob will be read, of the size it gets; null for all. */
type SpanOf = (size: number) => ByteSpan | null

type BlobMethods = 'statBlob' | 'openBlob' | 'blobLocation' | 'deleteBlob' | 'mountBlob'

/** Blobs that are there: end-2, end-10, end-11. */
export function blobService(deps: CoreDeps): Pick<RegistryService, BlobMethods> {
  const { blobs, metadata, limits, tell } = deps
  const tellPull = deps.pullEvents ? deps.emit : null
  const damaged = (ref: BlobRef): Promise<boolean> => noteMissing(deps, ref)
  const verified = deps.verifyReads ? verifiedReads({ hash: deps.hash, damaged }) : null

  /** Opens the bytes a digest was found under; null where they are missing. */
  function openFound(
    call: CallContext,
    repository: RepositoryName,
    ref: BlobRef,
    spanOf: SpanOf | undefined,
  ): Promise<OpenBlob | null> {
    const span = spanOf?.(ref.size) ?? undefined
    return settled(
      whenSettled(openVerified(ref, span), (open) => {
        if (open === null) return openMoved(call, repository, ref, spanOf)
        const { digest, size } = ref
        tellPull?.(call, { kind: 'blob-pulled', repository, digest, size })
        return open
      }),
    )
  }

  /** Parts of a blob cannot be verified. */
  function openVerified(ref: BlobRef, span: ByteSpan | undefined): Promise<OpenBlob | null> {
    const opened = blobs.open(ref, span)
    if (verified === null) return opened
    if (span !== undefined && span.end - span.start < ref.size) return opened
    return opened.then((open) => (open === null ? null : verified(ref, open)))
  }

  async function openMoved(
    call: CallContext,
    repository: RepositoryName,
    ref: BlobRef,
    spanOf: SpanOf | undefined,
  ): Promise<OpenBlob | null> {
    await noteMissing(deps, ref)
    // Another key may count since the look: the bytes were moved, or pushed again.
    const now = await metadata.findBlob(repository, ref.digest)
    return now === null || now.key === ref.key ? null : openFound(call, repository, now, spanOf)
  }

  return {
    statBlob(_call, repository, digest) {
      return settled(whenSettled(metadata.keepBlob(repository, digest, limits.leaseMs), infoOf))
    },

    openBlob(call, repository, digest, spanOf) {
      return settled(
        whenSettled(metadata.findBlob(repository, digest), (ref) =>
          ref === null ? null : openFound(call, repository, ref, spanOf),
        ),
      )
    },

    async blobLocation(call, repository, digest) {
      if (blobs.presign === undefined) return null
      const ref = await metadata.findBlob(repository, digest)
      const url = ref === null ? null : await blobs.presign(ref, locationMs)
      if (ref !== null && url !== null) {
        tellPull?.(call, { kind: 'blob-pulled', repository, digest, size: ref.size })
      }
      return url
    },

    async deleteBlob(call, repository, digest) {
      const keepNamed = Boolean(call.isImmutable)
      const telling = tell<'removed'>(call, () => [{ kind: 'blob-deleted', repository, digest }])
      const removal = await metadata.unlinkBlob(repository, digest, {
        keepNamed,
        ...deletionOf(metadata, limits),
        ...telling.options,
      })
      if (removal !== 'removed') {
        const kind = removal === 'named' ? 'contentNamed' : 'blobUnknown'
        throw new RegistryError(kind, { detail: { digest } })
      }
      telling.done(removal)
    },

    async mountBlob(call, repository, digest, source) {
      const candidates =
        'from' in source
          ? [source.from]
          : await source.readable(await metadata.repositoriesWith(digest, mountCandidates))
      for (const from of candidates) {
        const telling = tell<BlobRef>(call, ({ size }) => [
          { kind: 'blob-mounted', repository, digest, size, from },
        ])
        const { leaseMs } = limits
        const ref = await metadata.mountBlob(from, repository, digest, leaseMs, telling.options)
        if (ref === null) continue
        telling.done(ref)
        return infoOf(ref)
      }
      return null
    },
  }
}

function infoOf(ref: BlobRef | null): BlobInfo | null {
  return ref === null ? null : { digest: ref.digest, size: ref.size }
}
