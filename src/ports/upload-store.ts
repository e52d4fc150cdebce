import type { DigestAlgorithm } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { UploadId } from '../oci/upload-id.ts'
import type { StageState } from './blob-store.ts'

/** An upload session as it is kept between requests, in whichever process. */
export interface UploadSession {
  readonly id: UploadId
  readonly repository: RepositoryName
  /** Who opened it; null for anybody. */
  readonly principal: string | null
  /** Bytes acknowledged, so where the next chunk starts. */
  readonly offset: number
  /** What the bytes are hashed with as they pass. */
  readonly algorithm: DigestAlgorithm
  /** The hex of the first `offset` bytes; null where it is not known, and they must be read again. */
  readonly hexSoFar: string | null
  /** Where the bytes are; null while there are none. */
  readonly stage: StageState | null
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** When the client was last heard of; idle sessions expire. Milliseconds since the epoch. */
  readonly touchedAt: number
}

/** How many sessions may be open at once. */
export interface SessionCaps {
  readonly total: number
  readonly perPrincipal: number
}

/**
 * Upload sessions. One that has acknowledged bytes outlives the death of its process. A session is
 * changed only under a claim, so that two requests cannot both append.
 */
export interface UploadStore {
  /** Adds a session; false when a cap is reached. */
  create(session: UploadSession, caps: SessionCaps): Promise<boolean>
  /** The session, without claiming it; null when unknown. */
  find(id: UploadId): Promise<UploadSession | null>
  /** Takes the session for `holder` for at most `ttlMs`. Claiming again as the same holder renews. */
  claim(id: UploadId, holder: string, ttlMs: number): Promise<UploadSession | 'busy' | null>
  /** Stores the new state and gives the claim back; false when the claim was lost. */
  save(session: UploadSession, holder: string): Promise<boolean>
  /** Gives a claim back with the session unchanged. */
  release(id: UploadId, holder: string): Promise<void>
  /** Forgets the session; false when it was not there. Its bytes are the caller's to discard. */
  remove(id: UploadId): Promise<boolean>
  /** Bytes acknowledged by all open sessions together. */
  stagedBytes(): Promise<number>
  /** Unclaimed sessions last touched before `before`, oldest first, at most `limit`. */
  expired(before: number, limit: number): Promise<readonly UploadSession[]>
}
