import type { DigestAlgorithm } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { BlobRef, StageState } from './blob-store.ts'
import type { UploadFigures } from './figures.ts'

/** An upload session as it is kept between requests, on whichever node or process. */
export interface UploadSession {
  readonly id: UploadId
  readonly repository: RepositoryName
  /** The id of the principal who opened it; null for an anonymous caller. */
  readonly principal: string | null
  /** Whose share it takes, of sessions and bytes: a principal or an address; null where neither is known. */
  readonly owner: string | null
  /** Bytes acknowledged: the next chunk starts here. */
  readonly offset: number
  /** The algorithm the bytes are hashed with as they pass. */
  readonly algorithm: DigestAlgorithm
  /** The hex of the first `offset` bytes; null where it is not known, and they must be read again. */
  readonly hexSoFar: string | null
  /** The saved state of the hash after `offset` bytes (`StreamingHash.save`), as base64; or null. */
  readonly hashState: string | null
  /** Where the bytes are; null while there are none. */
  readonly stage: StageState | null
  /** Bytes that are committed and verified, and only lack their name; null before. */
  readonly committed: BlobRef | null
  /** When it was opened, in milliseconds since the epoch. For people; nothing is decided by it. */
  readonly startedAt: number
}

/** Who asks for a session: its repository and principal, which never change, have to be these. */
export interface SessionUser {
  readonly repository: RepositoryName
  /** Null for an anonymous caller; absent: any. */
  readonly principal?: string | null
}

/** How many sessions may be open at once. */
export interface SessionCaps {
  readonly total: number
  readonly perOwner: number
}

/** Bytes acknowledged by open sessions. */
export interface StagedBytes {
  /** By all of them together. */
  readonly total: number
  /** By those of one owner. */
  readonly own: number
}

/**
 * Upload sessions. One that has acknowledged bytes outlives the death of its process. A session is
 * changed only under a claim, so that two requests cannot both append.
 *
 * Times are durations by the store's own clock. A session is idle since it was created or last
 * saved, and never while it is claimed. Every method may throw RegistryError `unavailable`, and may be
 * called again after that; a claim that was held is held still.
 */
export interface UploadStore {
  /**
   * Whether other processes may go on with a session at any moment. Hashes of uploads in chunks are then saved with
   * their session, which takes a slower hash, so that no chunk is read again.
   */
  readonly isShared?: boolean
  /** Whether {@link claim} looks at its `user`. Default: no, and the session is looked at before it is claimed. */
  readonly checksUser?: boolean
  /**
   * Adds a session; false when a cap is reached. A session without bytes that no request holds makes
   * way for a new one: at the owner's cap the owner's oldest, at the total the oldest of the owner
   * who has the most of them. So a flood of empty sessions ends its own, not those of others.
   */
  create(session: UploadSession, caps: SessionCaps): Promise<boolean>
  /** The session, without claiming it; null when it is unknown or was idle for `idleMs`. */
  find(id: UploadId, idleMs: number): Promise<UploadSession | null>
  /**
   * Takes the session for `holder` for `ttlMs`. Claiming again as the same holder renews. `busy`
   * when another holds it, who is then asked to release it: its next `renew` says `wanted`. Null when
   * it is unknown or was idle for `idleMs`, and, nothing having changed, where it is not the `user`'s.
   */
  claim(
    id: UploadId,
    holder: string,
    ttlMs: number,
    idleMs: number,
    user?: SessionUser,
  ): Promise<UploadSession | 'busy' | null>
  /**
   * Extends the holder's claim to `ttlMs` from now. `wanted` when another asked for the session since;
   * `lost` when the claim is over: the holder must write no more.
   */
  renew(id: UploadId, holder: string, ttlMs: number): Promise<'held' | 'wanted' | 'lost'>
  /** Stores the new state and gives the claim back; false when the claim was lost. */
  save(session: UploadSession, holder: string): Promise<boolean>
  /** Gives a claim back with the session unchanged. */
  release(id: UploadId, holder: string): Promise<void>
  /**
   * Forgets the session under its holder's claim; false when the claim was lost or the session was
   * not there. Its bytes are the caller's to discard.
   */
  remove(id: UploadId, holder: string): Promise<boolean>
  /**
   * Bytes acknowledged by all open sessions, and by those of an owner; null counts as one owner. Asked
   * for each body, so its cost must not grow with the number of sessions.
   */
  stagedBytes(owner: string | null): Promise<StagedBytes>
  /** Unclaimed sessions that were idle for `idleMs`, the longest idle first, at most `limit`. */
  expired(idleMs: number, limit: number): Promise<readonly UploadSession[]>
  /** Figures for operators. Their cost must not grow with the number of sessions. */
  figures?(): Promise<UploadFigures>
  /** Whether the store can be used now. @throws Error that says why not. */
  check?(): Promise<void>
  /** Keeps what a restart needs and releases what the store holds open; harmless when repeated. */
  close(): Promise<void>
}
