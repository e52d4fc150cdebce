import type { Histogram } from '../oci/histogram.ts'

/** How often something was found in memory. */
export interface CacheFigures {
  /** How often it was looked for. */
  readonly requests: number
  /** How often it was there. */
  readonly hits: number
  /** What is in memory now, in bytes. */
  readonly bytes: number
}

/** Figures of the journal and the snapshots of names. */
export interface JournalFigures {
  /** Size of the journals since the last snapshot, in bytes. */
  readonly bytes: number
  /** Size of the last snapshot, in bytes. */
  readonly snapshotBytes: number
  /** Changes that are not yet durable. */
  readonly pending: number
  /** How long it took to make changes durable that were written together, in seconds. */
  readonly syncs: Histogram
  /** How long snapshots took, in seconds. */
  readonly snapshots: Histogram
  /** Snapshots that failed. */
  readonly failedSnapshots: number
}

/** Figures of names, as far as the store knows them without a look. */
export interface MetadataFigures {
  readonly repositories?: number
  /** Digests that something names. */
  readonly digests?: number
  /** Keys that nothing names and whose bytes are still to be deleted. */
  readonly condemned?: number
  /** Digests whose bytes are known to be missing or damaged. */
  readonly missing?: number
  /** Entries of the trash. */
  readonly trash?: number
  readonly journal?: JournalFigures
}

/** Figures of bytes, as far as the store knows them without a look. */
export interface BlobFigures {
  /** Small blobs that were read lately. */
  readonly cache?: CacheFigures
  /** How long the work took, by what it was, in seconds. */
  readonly work?: Readonly<Record<BlobWork, Histogram>>
  /** Files that many small blobs share. */
  readonly segments?: SegmentFigures
}

/**
 * What a store does with bytes: `read` from where they are kept, `write` small ones, `publish` large ones that were
 * written before, `delete`.
 */
export type BlobWork = 'read' | 'write' | 'publish' | 'delete'

/** Figures of files that many small blobs share. */
export interface SegmentFigures {
  readonly files: number
  /** Their size together, in bytes. */
  readonly bytes: number
  /** What of that was deleted, in bytes. */
  readonly deadBytes: number
  /** What compaction has given back since the start, in bytes. */
  readonly freedBytes: number
}

/** Figures of upload sessions. */
export interface UploadFigures {
  /** Sessions that are open. */
  readonly sessions: number
  /** Bytes that they have acknowledged. */
  readonly bytes: number
}

/** Figures of the registry around its stores. */
export interface RegistryFigures {
  /** Manifests that were read lately. */
  readonly manifests: CacheFigures
}
