import { BodyInterrupted } from '../oci/body-interrupted.ts'
import { algorithmOf, type Digest, type DigestAlgorithm, encodedOf } from '../oci/digest.ts'
import type { ErrorName } from '../oci/error-codes.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { StagedBlob } from '../ports/blob-store.ts'
import type { UploadBody } from '../ports/registry-service.ts'
import type { StreamingHash } from '../ports/streaming-hash.ts'
import type { UploadSession } from '../ports/upload-store.ts'
import type { CoreDeps } from './deps.ts'
import type { Claim } from './upload-claims.ts'
import { uploadQuota } from './upload-quota.ts'
import { admitChunk, type ChunkEnd, settleChunk } from './upload-state.ts'

/** What came of a body: staged bytes, hashed as they passed. */
export interface Received {
  readonly staged: StagedBlob
  /** Bytes of the blob that are staged now. */
  readonly offset: number
  /** Set when the body ended early: what came is good, and the client has to go on. */
  readonly error: ErrorName | null
  readonly cause?: unknown
  /** The hex of all bytes with the session's algorithm; null where they would have to be read. */
  hex(): string | null
  /** Whether the staged bytes have that digest; reads them once more only where it must. */
  verify(digest: Digest): Promise<boolean>
}

/** Reads bodies into staged blobs. */
export interface UploadReceiver {
  /**
   * @throws RegistryError `chunkOutOfOrder`, `sizeInvalid`, `blobTooLarge`, `tooManyUploadBytes`,
   *   with the session and its bytes as they were.
   */
  receive(claim: Claim, body: UploadBody | null, digest: Digest | null): Promise<Received>
  /** Lets go of what is remembered of a session. */
  forget(id: UploadId): void
}

/** A hash that goes on where the session's last request in this process ended. */
interface RunningHash {
  readonly algorithm: DigestAlgorithm
  readonly hash: StreamingHash
  /** Bytes fed. */
  fed: number
}

export function uploadReceiver(deps: CoreDeps): UploadReceiver {
  const { blobs, limits, hash: startHash } = deps
  const running: Map<UploadId, RunningHash> = new Map()
  const quota = uploadQuota(deps)

  /** The hash to feed, or null where the bytes before are not in any hash of this process. */
  function hashFor(session: UploadSession, digest: Digest | null): RunningHash | null {
    const algorithm = digest === null ? session.algorithm : algorithmOf(digest)
    if (session.offset === 0) return { algorithm, hash: startHash(algorithm), fed: 0 }
    const known = running.get(session.id)
    if (known === undefined || known.fed !== session.offset) return null
    return digest === null || known.algorithm === algorithm ? known : null
  }

  async function hashStaged(staged: StagedBlob, algorithm: DigestAlgorithm): Promise<string> {
    const hash = startHash(algorithm)
    const reader = staged.read().getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return hash.digest()
      hash.update(value)
    }
  }

  return {
    forget(id) {
      running.delete(id)
    },

    async receive(claim, body, digest) {
      const { session } = claim
      const admission = admitChunk(session.offset, body ?? { length: 0 }, limits.blobBytes)
      if (admission.kind === 'refuse') {
        // An offset tells a client to go on from there: not where going on is no use.
        const tooLarge = admission.error === 'blobTooLarge'
        const detail = tooLarge ? { limit: limits.blobBytes } : { offset: session.offset }
        throw new RegistryError(admission.error, { detail })
      }
      const { expected } = admission
      const hint = {
        ...(digest === null ? {} : { digest }),
        ...(expected === null ? {} : { length: session.offset + expected }),
      }
      const fed = hashFor(session, digest)
      running.delete(session.id)
      const reservation = body === null ? null : await quota.open()
      const staged = await blobs.stage(session.id, hint, session.stage ?? undefined)

      let received = 0
      let cause: unknown
      let end: ChunkEnd = 'complete'
      try {
        if (body !== null) {
          claim.reading(body.source)
          await body.source.pipe((chunk) => {
            received += chunk.byteLength
            if (expected !== null && received > expected) throw new Overlong()
            if (session.offset + received > limits.blobBytes) {
              throw new RegistryError('blobTooLarge', { detail: { limit: limits.blobBytes } })
            }
            const recount = reservation?.reserve(chunk.byteLength)
            claim.progress()
            fed?.hash.update(chunk)
            return recount === undefined
              ? staged.write(chunk)
              : recount.then(() => staged.write(chunk))
          })
        }
      } catch (error) {
        cause = error
        if (error instanceof Overlong) end = 'overlong'
        else if (error instanceof BodyInterrupted) end = 'interrupted'
        else {
          await rollBack(session, staged)
          throw error
        }
      } finally {
        reservation?.release()
      }

      const settlement = settleChunk(session.offset, expected, received, end)
      if (settlement.kind === 'rollback') {
        await rollBack(session, staged)
        throw new RegistryError(settlement.error, { detail: { offset: session.offset } })
      }
      if (fed !== null) {
        fed.fed = settlement.offset
        running.set(session.id, fed)
      }
      return {
        staged,
        offset: settlement.offset,
        error: settlement.kind === 'keep' ? settlement.error : null,
        cause,
        hex: () => (fed !== null && fed.algorithm === session.algorithm ? fed.hash.digest() : null),
        async verify(wanted) {
          const algorithm = algorithmOf(wanted)
          if (fed !== null && fed.algorithm === algorithm) {
            return fed.hash.digest() === encodedOf(wanted)
          }
          if (received === 0 && session.hexSoFar !== null && session.algorithm === algorithm) {
            return session.hexSoFar === encodedOf(wanted)
          }
          return (await hashStaged(staged, algorithm)) === encodedOf(wanted)
        },
      }
    },
  }
}

/** The session keeps its state from before; bytes written since are dropped when it is next staged. */
async function rollBack(session: UploadSession, staged: StagedBlob): Promise<void> {
  if (session.stage === null) await staged.discard().catch(() => {})
  else await staged.suspend().catch(() => {})
}

/** The body is longer than was announced. */
class Overlong extends Error {}
