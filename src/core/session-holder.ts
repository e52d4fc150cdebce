import type { ByteSource } from '../ports/byte-source.ts'
import type { UploadSession } from '../ports/upload-store.ts'

/** A session that this request alone may change. */
export interface Claim {
  readonly session: UploadSession
  readonly holder: string
  /** Whether a client was told where the session stands while this request held it, or just before. */
  readonly told: boolean
  /** Notes that bytes came. */
  progress(): void
  /** Names the body being read, so that it can be stopped; null once it has ended. */
  reading(source: ByteSource | null): void
  /** @throws RegistryError `uploadUnknown` when the claim was lost to another holder. */
  assertHeld(): Promise<void>
  /** Gives the session back; unchanged unless it was saved or removed before. Never throws. */
  release(): Promise<void>
}

/** What this process knows of a claim it holds. */
export interface Holder {
  source: ByteSource | null
  lastProgress: number
  told: boolean
  /** Until when it may be a request that a client gave up before it was told. */
  readonly doubtedUntil: number
  lost: boolean
  /** Set when its body has ended, and what it received is being stored. */
  ended: boolean
  readonly done: Promise<void>
}
