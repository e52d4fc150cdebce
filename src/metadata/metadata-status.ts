import type { RegistryError } from '../oci/registry-error.ts'

/** How a journalled store is. */
export interface MetadataStatus {
  /**
   * `full` while there is no room for changes. `read-only` where the log was opened to be read, and
   * once a sync has failed, until the next start.
   */
  readonly state: 'ok' | 'full' | 'read-only'
  /** Why it is read-only. */
  readonly error: RegistryError | null
  /** Changes that are not yet durable. */
  readonly pending: number
  /** Number of the last frame that is durable. */
  readonly sequence: number
  /** How long the store was open, in this process and those before, in milliseconds. */
  readonly openMs: number
  /** Size of the journals since the last snapshot, in bytes. */
  readonly journalBytes: number
  /** Size of the last snapshot, in bytes; 0 with none. */
  readonly snapshotBytes: number
  readonly repositories: number
  /** Digests that something names. */
  readonly blobs: number
  /** Keys that nothing names and whose bytes are still to be deleted. */
  readonly condemned: number
  /** Digests whose bytes are known to be missing. */
  readonly missing: number
}
