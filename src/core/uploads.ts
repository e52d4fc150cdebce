import type { Digest } from '../oci/digest.ts'
import { ownerOf } from '../oci/owner.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { BlobRef, StagedBlob } from '../ports/blob-store.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { BlobInfo, RegistryService, UploadBody } from '../ports/registry-service.ts'
import type { UploadSession } from '../ports/upload-store.ts'
import type { CoreDeps } from './deps.ts'
import { isThere } from './missing-bytes.ts'
import { nameUpload } from './naming.ts'
import { monolithicPush } from './push-blob.ts'
import { RunningHashes } from './running-hashes.ts'
import type { Claim } from './session-holder.ts'
import { UnkeptCommits } from './unkept-commits.ts'
import { uploadClaims } from './upload-claims.ts'
import { mayUse } from './upload-owner.ts'
import { type EarlyReservation, reserveEarly, uploadQuota } from './upload-quota.ts'
import { drainBody, type Received, receiveBody, rollBack } from './upload-receiver.ts'
import {
  dropSession,
  dropStaged,
  expireSessions,
  openSession,
  resumeHash,
  saveSession,
} from './upload-sessions.ts'

type UploadMethods =
  | 'pushBlob'
  | 'startUpload'
  | 'uploadStatus'
  | 'appendUpload'
  | 'finishUpload'
  | 'cancelUpload'

/** Upload sessions, and what has to be done now and then. */
export interface UploadService extends Pick<RegistryService, UploadMethods> {
  /** Ends sessions that were idle too long and drops their bytes. */
  expireUploads(): Promise<void>
  /**
   * Has requests give their sessions back, with what came so far, and takes no more for any session. How
   * many requests those were.
   */
  suspendUploads(): Promise<number>
}

/** Blobs on their way in: end-4 to end-6, end-13, end-14. */
export function uploadService(deps: CoreDeps): UploadService {
  const { uploads, limits, onNotice } = deps
  const claims = uploadClaims(deps)
  const hashes = new RunningHashes(limits.uploadIdleMs)
  const quota = uploadQuota(deps)
  const unkept = new UnkeptCommits()

  /** Receives a body under a claim; what came before an interruption is kept before it throws. */
  async function receive<T>(
    claim: Claim,
    early: EarlyReservation,
    body: UploadBody | null,
    digest: Digest | null,
    use: (received: Received) => Promise<T>,
  ): Promise<T> {
    const { session } = claim
    const reservation = await early.of(session.owner)
    try {
      const to = {
        hash: resumeHash(deps, hashes, session, digest, body),
        progress: claim.progress,
        reading: claim.reading,
        ...session,
      }
      const received = await receiveBody(deps, to, body, digest, reservation)
      if (received.error === null) return await use(received)
      let { offset } = session
      // A client that was told of the old offset may continue from there at this moment.
      if (claim.told) await rollBack(session.stage, received.staged)
      else offset = await saveSession(deps, hashes, claim, received, body?.range !== undefined)
      // The body did not end early by itself: clients try a 503 again, and a 400 never.
      const kind = claims.suspended ? 'unavailable' : received.error
      throw new RegistryError(kind, { detail: { offset }, cause: received.cause })
    } catch (error) {
      // Its earlier bytes are gone: there is nothing left to go on with.
      if (error instanceof RegistryError && error.kind === 'uploadUnknown') {
        await dropSession(deps, hashes, { ...session, stage: null }, claim.holder)
      }
      throw error
    } finally {
      reservation.release()
    }
  }

  /** Makes what a session received a blob. Unless the digest is wrong, a failure keeps the session. */
  async function commit(
    call: CallContext,
    claim: Claim,
    received: Received,
    digest: Digest,
  ): Promise<BlobInfo> {
    const { session } = claim
    const { staged, offset } = received
    let matches = false
    let blob: BlobRef | null = null
    try {
      matches = await received.verify(digest)
      await claim.assertHeld()
      if (matches) blob = await staged.commit(digest)
    } catch (error) {
      await rollBack(session.stage, staged)
      throw error
    }
    if (blob === null) return endMismatched(claim, session, digest, staged)
    return nameCommitted(call, claim, { ...session, offset, stage: null, committed: blob }, blob)
  }

  async function endMismatched(
    claim: Claim,
    session: UploadSession,
    digest: Digest,
    staged: StagedBlob | null,
  ): Promise<never> {
    unkept.drop(session.id)
    const isEnded = await dropStaged(deps, hashes, claim, session, staged)
    throw new RegistryError(isEnded ? 'digestMismatch' : 'uploadUnknown', { detail: { digest } })
  }

  /** Names committed bytes; where that fails, the session remembers them for the next attempt. */
  async function nameCommitted(
    call: CallContext,
    { holder }: Claim,
    session: UploadSession,
    blob: BlobRef,
  ): Promise<BlobInfo> {
    try {
      await nameUpload(deps, call, session.repository, blob)
    } catch (error) {
      await uploads.save(session, holder).catch((failure: unknown) => {
        unkept.put(session.id, blob)
        const task = 'keeping an upload that could not be named'
        onNotice({ kind: 'background-failure', task, error: failure, retried: false })
      })
      throw error
    }
    unkept.drop(session.id)
    // The blob is there: that the session is left over is no failure of the push.
    await dropSession(deps, hashes, { ...session, stage: null, committed: null }, holder).catch(
      (error: unknown) => {
        const task = 'forgetting a finished upload'
        onNotice({ kind: 'background-failure', task, error, retried: true })
      },
    )
    return { digest: blob.digest, size: blob.size }
  }

  /** A session whose bytes are committed already: the call before this one could not name them. */
  async function finishAgain(
    call: CallContext,
    claim: Claim,
    session: UploadSession,
    blob: BlobRef,
    digest: Digest,
    body: UploadBody | null,
  ): Promise<BlobInfo> {
    if (blob.digest !== digest) return endMismatched(claim, session, digest, null)
    // The bytes are verified; a client that sends its last chunk again is heard out.
    if (body !== null) await drainBody(claim, body.source, session.offset)
    // The sweep may have deleted bytes that have no name.
    if (await isThere(deps, blob)) return nameCommitted(call, claim, session, blob)
    unkept.drop(session.id)
    await dropSession(deps, hashes, session, claim.holder)
    throw new RegistryError('uploadUnknown')
  }

  async function withClaim<T>(
    call: CallContext,
    repository: RepositoryName,
    id: UploadId,
    body: UploadBody | null,
    work: (claim: Claim, early: EarlyReservation) => Promise<T>,
  ): Promise<T> {
    const owner = ownerOf(call.principal?.id ?? null, call.peer.address)
    const early = reserveEarly(quota, owner, body !== null)
    try {
      const claim = await claims.claim(call, repository, id)
      try {
        return await work(claim, early)
      } finally {
        await claim.release()
      }
    } finally {
      early.drop()
    }
  }

  return {
    expireUploads: () => expireSessions(deps, hashes),

    suspendUploads: () => claims.suspend(),

    async startUpload(call, repository, start) {
      const { id } = await openSession(deps, hashes, call, repository, start)
      const { minChunkBytes } = deps.blobs
      return { id, offset: 0, ...(minChunkBytes !== undefined && { minChunkBytes }) }
    },

    pushBlob: monolithicPush(deps, quota),

    async uploadStatus(call, repository, id) {
      const seen = await uploads.find(id, limits.uploadIdleMs)
      if (!mayUse(call, repository, seen)) throw new RegistryError('uploadUnknown')
      await claims.tell(id)
      const session = await uploads.find(id, limits.uploadIdleMs)
      if (session === null) throw new RegistryError('uploadUnknown')
      return { id, offset: unkept.current(session).offset }
    },

    async appendUpload(call, repository, id, body) {
      return withClaim(call, repository, id, body, async (claim, early) => {
        const { committed, offset } = unkept.current(claim.session)
        if (committed !== null) throw new RegistryError('chunkOutOfOrder', { detail: { offset } })
        const chunked = body.range !== undefined
        const reached = await receive(claim, early, body, null, (received) =>
          saveSession(deps, hashes, claim, received, chunked),
        )
        return { id, offset: reached }
      })
    },

    async finishUpload(call, repository, id, digest, body) {
      return withClaim(call, repository, id, body, (claim, early) => {
        const session = unkept.current(claim.session)
        return session.committed === null
          ? receive(claim, early, body, digest, (received) => commit(call, claim, received, digest))
          : finishAgain(call, claim, session, session.committed, digest, body)
      })
    },

    async cancelUpload(call, repository, id) {
      const session = await uploads.find(id, limits.uploadIdleMs)
      if (mayUse(call, repository, session)) claims.interrupt(id)
      await withClaim(call, repository, id, null, (claim) =>
        dropSession(deps, hashes, unkept.current(claim.session), claim.holder),
      )
      unkept.drop(id)
    },
  }
}
