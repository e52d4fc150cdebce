import { BodyInterrupted } from '../oci/body-interrupted.ts'
import { algorithmOf, type Digest, type DigestAlgorithm, encodedOf } from '../oci/digest.ts'
import type { ErrorName } from '../oci/error-codes.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { StagedBlob, StageState } from '../ports/blob-store.ts'
import type { ByteSource } from '../ports/byte-source.ts'
import type { UploadBody } from '../ports/registry-service.ts'
import type { CoreDeps } from './deps.ts'
import type { RunningHash } from './running-hashes.ts'
import type { UploadReservation } from './upload-quota.ts'
import { admitChunk, type ChunkEnd, settleChunk } from './upload-state.ts'

/** Where a body goes: what the receiver has to know of the upload it belongs to. */
export interface Destination {
  readonly id: UploadId
  /** Bytes acknowledged before. */
  readonly offset: number
  readonly stage: StageState | null
  /** The algorithm and the hex of those bytes, where they are known. */
  readonly algorithm: DigestAlgorithm
  readonly hexSoFar: string | null
  /** A hash that was fed all bytes before; null where there is none. */
  readonly hash: RunningHash | null
  /** Told as bytes come. */
  progress(): void
  /** Told which body is being read, and null when it has ended. */
  reading(source: ByteSource | null): void
}

/** What came of a body: staged bytes, hashed as they passed. */
export interface Received {
  readonly staged: StagedBlob
  /** Bytes of the blob that are staged now. */
  readonly offset: number
  /** The hash that was fed them all; null where they would have to be read. */
  readonly hash: RunningHash | null
  /** Set when the body ended early: the bytes that came are good, and the client has to go on. */
  readonly error: ErrorName | null
  readonly cause?: unknown
  /** Whether the staged bytes have that digest; reads them once more only where it must. */
  verify(digest: Digest): Promise<boolean>
}

/**
 * Reads a body into staged bytes.
 *
 * @throws RegistryError `chunkOutOfOrder`, `sizeInvalid`, `blobTooLarge`, `tooManyUploadBytes`, with
 *   the upload as it was; `uploadUnknown` when its earlier bytes are gone.
 */
export async function receiveBody(
  deps: CoreDeps,
  to: Destination,
  body: UploadBody | null,
  digest: Digest | null,
  reservation: UploadReservation,
): Promise<Received> {
  const { blobs, limits } = deps
  const largest = Math.min(limits.blobBytes, reservation.share)
  const admission = admitChunk(to.offset, body ?? { length: 0 }, largest)
  if (admission.kind === 'refuse') {
    // An offset tells a client to go on from there: not where that is no use.
    const tooLarge = admission.error === 'blobTooLarge'
    const detail = tooLarge ? { limit: largest } : { offset: to.offset }
    throw new RegistryError(admission.error, { detail })
  }
  const { expected } = admission
  const hint = {
    ...(digest === null ? {} : { digest }),
    ...(expected === null ? {} : { length: to.offset + expected }),
    ...(body?.range === undefined ? {} : { chunked: true }),
  }
  const staged = await blobs.stage(to.id, hint, to.stage ?? undefined)

  let received = 0
  let cause: unknown
  let end: ChunkEnd = 'complete'
  try {
    if (body !== null) {
      to.reading(body.source)
      await body.source.pipe((chunk) => {
        received += chunk.byteLength
        if (expected !== null && received > expected) throw new Overlong()
        if (to.offset + received > largest) {
          throw new RegistryError('blobTooLarge', { detail: { limit: largest } })
        }
        const recount = reservation.reserve(chunk.byteLength)
        to.progress()
        // Hashed first: the bytes are the writer's own afterwards.
        const hashing = to.hash?.hash.update(chunk)
        const writing =
          recount === undefined ? staged.write(chunk) : recount.then(() => staged.write(chunk))
        return hashing === undefined ? writing : Promise.all([hashing, writing]).then(() => {})
      })
    }
  } catch (error) {
    cause = error
    if (error instanceof Overlong) end = 'overlong'
    else if (error instanceof BodyInterrupted) end = 'interrupted'
    else {
      await rollBack(to.stage, staged)
      throw error
    }
  } finally {
    to.reading(null)
  }

  const settlement = settleChunk(to.offset, expected, received, end)
  if (settlement.kind === 'rollback') {
    await rollBack(to.stage, staged)
    throw new RegistryError(settlement.error, { detail: { offset: to.offset } })
  }
  const { hash } = to
  if (hash !== null) hash.fed = settlement.offset
  return {
    staged,
    offset: settlement.offset,
    hash,
    error: settlement.kind === 'keep' ? settlement.error : null,
    cause,
    async verify(wanted) {
      const algorithm = algorithmOf(wanted)
      if (hash !== null && hash.algorithm === algorithm) {
        return (await hash.hash.digest()) === encodedOf(wanted)
      }
      if (received === 0 && to.hexSoFar !== null && to.algorithm === algorithm) {
        return to.hexSoFar === encodedOf(wanted)
      }
      const hex = await hashStaged(deps, staged, algorithm, to.progress)
      return hex === encodedOf(wanted)
    },
  }
}

/** Reads a body to its end. @throws RegistryError `uploadBroken`. */
export async function drainBody(
  claim: Pick<Destination, 'progress' | 'reading'>,
  source: ByteSource,
  offset: number,
): Promise<void> {
  claim.reading(source)
  try {
    await source.pipe(() => claim.progress())
  } catch (error) {
    if (!(error instanceof BodyInterrupted)) throw error
    throw new RegistryError('uploadBroken', { detail: { offset }, cause: error })
  } finally {
    claim.reading(null)
  }
}

/** The upload keeps its state from before; bytes written since are dropped when it is next staged. */
export async function rollBack(before: StageState | null, staged: StagedBlob): Promise<void> {
  const drop = async (): Promise<unknown> => {
    if (before === null) return staged.discard()
    return staged.revert === undefined ? staged.suspend() : staged.revert()
  }
  await drop().catch(() => {})
}

async function hashStaged(
  deps: CoreDeps,
  staged: StagedBlob,
  algorithm: DigestAlgorithm,
  progress: () => void,
): Promise<string> {
  const hash = deps.hash(algorithm, undefined, staged.size)
  const reader = staged.read().getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return await hash.digest()
    progress()
    await hash.update(value)
  }
}

/** The body is longer than was announced. */
class Overlong extends Error {}
