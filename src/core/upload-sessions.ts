import { fromBase64, toBase64 } from '../oci/base64.ts'
import { algorithmOf, type Digest } from '../oci/digest.ts'
import { ownerOf } from '../oci/owner.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { newUploadId } from '../oci/upload-id.ts'
import type { StagedBlob } from '../ports/blob-store.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { UploadBody, UploadStart } from '../ports/registry-service.ts'
import type { UploadSession } from '../ports/upload-store.ts'
import type { CoreDeps } from './deps.ts'
import { dropBytes } from './naming.ts'
import type { RunningHash, RunningHashes } from './running-hashes.ts'
import type { Claim } from './session-holder.ts'
import { type Received, rollBack } from './upload-receiver.ts'

/** Sessions ended in one step of the expiry. */
const expiryBatch = 100
/** How long the expiry may take for one session. */
const expiryClaimMs = 60_000

/** Opens a session. @throws RegistryError `tooManyUploads`. */
export async function openSession(
  deps: CoreDeps,
  hashes: RunningHashes,
  call: CallContext,
  repository: RepositoryName,
  { algorithm = 'sha256' }: UploadStart = {},
): Promise<UploadSession> {
  const { uploads, limits, clock } = deps
  const session: UploadSession = {
    id: newUploadId(),
    repository,
    principal: call.principal?.id ?? null,
    owner: ownerOf(call.principal?.id ?? null, call.peer.address),
    offset: 0,
    algorithm,
    hexSoFar: null,
    hashState: null,
    stage: null,
    committed: null,
    startedAt: clock(),
  }
  const caps = {
    total: limits.uploadSessions,
    // Callers that cannot be told apart share what there is.
    perOwner: session.owner === null ? limits.uploadSessions : limits.uploadSessionsPerOwner,
  }
  if (await uploads.create(session, caps)) return session
  await expireSessions(deps, hashes)
  if (await uploads.create(session, caps)) return session
  throw new RegistryError('tooManyUploads', { headers: { 'Retry-After': '60' } })
}

/** Ends sessions that were idle too long. One that cannot be ended stands in no other's way. */
export async function expireSessions(deps: CoreDeps, hashes: RunningHashes): Promise<void> {
  const { uploads, limits, onNotice } = deps
  hashes.prune()
  const holder = `expiry ${crypto.randomUUID()}`
  for (;;) {
    const idle = await uploads.expired(limits.uploadIdleMs, expiryBatch)
    let claimed = 0
    for (const { id, repository } of idle) {
      try {
        const session = await uploads.claim(id, holder, expiryClaimMs, Number.POSITIVE_INFINITY)
        if (session === null || session === 'busy') continue
        claimed += 1
        if (!(await dropSession(deps, hashes, session, holder))) continue
        onNotice({ kind: 'upload-expired', id, repository })
      } catch (error) {
        // It stays claimed: so the next batch has others in it, and a later turn tries it again.
        const task = 'ending an idle upload'
        onNotice({ kind: 'background-failure', task, error, retried: true })
      }
    }
    if (idle.length < expiryBatch || claimed === 0) return
  }
}

/**
 * Forgets a session under its holder's claim, and drops its bytes. False when the claim was lost: the
 * bytes are then another's.
 */
export async function dropSession(
  deps: CoreDeps,
  hashes: RunningHashes,
  session: UploadSession,
  holder: string,
): Promise<boolean> {
  const { blobs, uploads, metadata } = deps
  const { id, stage, committed } = session
  hashes.take(id)
  if (!(await uploads.remove(id, holder))) return false
  if (stage !== null) {
    const staged = await blobs.stage(id, {}, stage).catch(() => null)
    await staged?.discard()
  }
  // The name may have been given although the answer got lost.
  if (committed !== null) {
    const [isKnown] = await metadata.knowsKeys([committed])
    if (isKnown === false) await dropBytes(deps, committed)
  }
  return true
}

/**
 * Ends a session whose staged bytes are of no use. Who has lost the session leaves them alone: another may
 * go on with them. Whether it was ended.
 */
export async function dropStaged(
  deps: CoreDeps,
  hashes: RunningHashes,
  { holder }: Claim,
  session: UploadSession,
  staged: StagedBlob | null,
): Promise<boolean> {
  if (staged === null) return dropSession(deps, hashes, session, holder)
  let isEnded = false
  try {
    isEnded = await dropSession(deps, hashes, { ...session, stage: null }, holder)
    return isEnded
  } finally {
    if (isEnded) await staged.discard().catch(() => {})
    else await rollBack(session.stage, staged)
  }
}

/**
 * The hash that was fed all of a session's bytes; null where they would have to be read again.
 * Where another process may go on with it, and the client sends chunks with a Content-Range, it can be saved.
 *
 * @param body what comes now
 */
export function resumeHash(
  deps: CoreDeps,
  hashes: RunningHashes,
  session: UploadSession,
  digest: Digest | null,
  body: UploadBody | null,
): RunningHash | null {
  const { id, offset, hashState } = session
  const algorithm = digest === null ? session.algorithm : algorithmOf(digest)
  const known = hashes.take(id)
  const expected = body === null ? 0 : (body.length ?? Number.POSITIVE_INFINITY)
  const savable = deps.uploads.isShared === true && body?.range !== undefined
  if (offset === 0) {
    return { algorithm, hash: deps.hash(algorithm, undefined, expected, savable), fed: 0 }
  }
  if (known !== null && known.fed === offset) {
    return digest === null || known.algorithm === algorithm ? known : null
  }
  if (hashState === null || session.algorithm !== algorithm) return null
  return { algorithm, hash: deps.hash(algorithm, fromBase64(hashState), expected), fed: offset }
}

/**
 * Stores what a chunk brought, and gives the session back. A hash state is kept only for clients that
 * send chunks with a Content-Range: they alone send many, each perhaps to another node.
 *
 * @throws RegistryError `uploadUnknown` when the claim was lost.
 */
export async function saveSession(
  deps: CoreDeps,
  hashes: RunningHashes,
  claim: Claim,
  received: Received,
  chunked: boolean,
): Promise<number> {
  const { session } = claim
  const { offset, hash } = received
  if (offset === 0) return saveEmpty(deps, claim, received)
  const stage = await received.staged.suspend()
  const isOwn = hash !== null && hash.algorithm === session.algorithm
  const hexSoFar = isOwn ? await hexOf(hash) : null
  const state = isOwn && chunked ? hash.hash.save?.() : undefined
  const next: UploadSession = {
    ...session,
    offset,
    hexSoFar,
    hashState: state === undefined ? null : toBase64(state),
    stage,
  }
  if (!(await deps.uploads.save(next, claim.holder))) throw new RegistryError('uploadUnknown')
  const isLost = isOwn && hexSoFar === null
  if (hash !== null && !isLost) hashes.put(session.id, hash)
  return offset
}

/** Null where the hash is lost, as with the thread that computed it: the bytes are then read at the end. */
async function hexOf({ hash }: RunningHash): Promise<string | null> {
  try {
    return await hash.digest()
  } catch {
    return null
  }
}

/**
 * Saves a session that still has no bytes as it was opened: it may make way for others, and nothing of
 * it may then stay behind in the blob store.
 */
async function saveEmpty(
  deps: CoreDeps,
  { session, holder }: Claim,
  { staged }: Received,
): Promise<number> {
  await rollBack(null, staged)
  const next = { ...session, hexSoFar: null, hashState: null, stage: null }
  if (!(await deps.uploads.save(next, holder))) throw new RegistryError('uploadUnknown')
  return 0
}
