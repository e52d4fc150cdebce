import { algorithmOf, type Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { newUploadId, type UploadId } from '../oci/upload-id.ts'
import type { BlobInfo, RegistryService, UploadBody } from '../ports/registry-service.ts'
import type { UploadSession } from '../ports/upload-store.ts'
import { commitBlob } from './blobs.ts'
import type { CoreDeps } from './deps.ts'
import { type Claim, uploadClaims } from './upload-claims.ts'
import { type Received, uploadReceiver } from './upload-receiver.ts'

type UploadServiceMethods =
  | 'pushBlob'
  | 'startUpload'
  | 'uploadStatus'
  | 'appendUpload'
  | 'finishUpload'
  | 'cancelUpload'

/** Upload sessions, and what has to be done now and then. */
export interface UploadService extends Pick<RegistryService, UploadServiceMethods> {
  /** Ends sessions that were idle too long and drops their bytes. */
  expireUploads(): Promise<void>
}

/** Sessions ended in one step of the clean-up. */
const expiryBatch = 100

/** Blobs on their way in: end-4 to end-6, end-13, end-14. */
export function uploadService(deps: CoreDeps): UploadService {
  const { blobs, uploads, limits, clock, events } = deps
  const claims = uploadClaims(deps)
  const receiver = uploadReceiver(deps)

  async function drop(session: UploadSession): Promise<boolean> {
    receiver.forget(session.id)
    const removed = await uploads.remove(session.id)
    if (session.stage !== null) {
      const staged = await blobs.stage(session.id, {}, session.stage).catch(() => null)
      await staged?.discard()
    }
    return removed
  }

  async function open(
    repository: RepositoryName,
    options: Parameters<RegistryService['startUpload']>[1] = {},
  ): Promise<UploadSession> {
    const now = clock()
    const session: UploadSession = {
      id: newUploadId(),
      repository,
      principal: options.principal ?? null,
      offset: 0,
      algorithm: options.algorithm ?? 'sha256',
      hexSoFar: null,
      stage: null,
      startedAt: now,
      touchedAt: now,
    }
    const caps = { total: limits.uploadSessions, perPrincipal: limits.uploadSessionsPerPrincipal }
    if (await uploads.create(session, caps)) return session
    await expireUploads()
    if (await uploads.create(session, caps)) return session
    throw new RegistryError('tooManyUploads', { headers: { 'Retry-After': '60' } })
  }

  async function expireUploads(): Promise<void> {
    for (;;) {
      const idle = await uploads.expired(clock() - limits.uploadIdleMs, expiryBatch)
      for (const session of idle) {
        if (!(await drop(session))) continue
        events({ kind: 'upload-expired', id: session.id, repository: session.repository })
      }
      if (idle.length < expiryBatch) return
    }
  }

  /** Keeps what a chunk brought, and gives the session back. */
  async function keep(claim: Claim, received: Received): Promise<number> {
    const { session } = claim
    const stage = await received.staged.suspend()
    const { offset } = received
    const hexSoFar = received.hex()
    const next: UploadSession = { ...session, offset, hexSoFar, stage, touchedAt: clock() }
    if (!(await uploads.save(next, claim.holder))) throw new RegistryError('uploadUnknown')
    return offset
  }

  /** Receives a body under a claim; on an interruption keeps what came before it throws. */
  async function receive(claim: Claim, body: UploadBody | null, digest: Digest | null) {
    const received = await receiver.receive(claim, body, digest)
    if (received.error === null) return received
    const offset = await keep(claim, received)
    throw new RegistryError(received.error, { detail: { offset }, cause: received.cause })
  }

  async function commit(claim: Claim, received: Received, digest: Digest): Promise<BlobInfo> {
    const { session } = claim
    let info: BlobInfo
    try {
      if ((await received.verify(digest)) === false) {
        throw new RegistryError('digestMismatch', { detail: { digest } })
      }
      info = await commitBlob(deps, session.repository, received.staged, digest)
    } catch (error) {
      await received.staged.discard().catch(() => {})
      await drop({ ...session, stage: null })
      throw error
    }
    await drop({ ...session, stage: null })
    return info
  }

  async function finish(
    repository: RepositoryName,
    id: UploadId,
    digest: Digest,
    body: UploadBody | null,
  ): Promise<BlobInfo> {
    const claim = await claims.claim(repository, id)
    try {
      const received = await receive(claim, body, digest)
      return await commit(claim, received, digest)
    } finally {
      await claim.release()
    }
  }

  return {
    expireUploads,

    async startUpload(repository, options) {
      const { id } = await open(repository, options)
      return { id, offset: 0 }
    },

    async pushBlob(repository, digest, body, principal = null) {
      const session = await open(repository, { algorithm: algorithmOf(digest), principal })
      try {
        return await finish(repository, session.id, digest, body)
      } catch (error) {
        const left = await uploads.find(session.id)
        if (left !== null) await drop(left)
        throw error
      }
    },

    async uploadStatus(repository, id) {
      await claims.settleStalled(id)
      const session = await uploads.find(id)
      const idleSince = clock() - limits.uploadIdleMs
      if (session === null || session.repository !== repository || session.touchedAt <= idleSince) {
        throw new RegistryError('uploadUnknown')
      }
      return { id, offset: session.offset }
    },

    async appendUpload(repository, id, body) {
      const claim = await claims.claim(repository, id)
      try {
        const received = await receive(claim, body, null)
        return { id, offset: await keep(claim, received) }
      } finally {
        await claim.release()
      }
    },

    finishUpload: finish,

    async cancelUpload(repository, id) {
      const session = await uploads.find(id)
      if (session?.repository === repository) await claims.interrupt(id)
      const claim = await claims.claim(repository, id)
      try {
        await drop(claim.session)
      } finally {
        await claim.release()
      }
    },
  }
}
