import type { DirectorySync } from '../directory-sync.ts'
import type { Files } from '../files.ts'
import type { FolderGuard } from '../folder-guard.ts'
import type { Layout } from '../layout.ts'
import type { DeadRecords } from './dead-records.ts'
import type { SegmentName } from './segment-key.ts'

/** What segments work with. */
export interface SegmentsDeps {
  readonly files: Files
  readonly layout: Layout
  readonly guard: FolderGuard
  /** Syncs of the folder of the segments. */
  readonly folder: DirectorySync
  readonly readOnly: boolean
  /** Memory for records that were opened lately, in bytes. */
  readonly cacheBytes: number
  /** Told of each failed write; returns what the caller is to be told of it. */
  readonly failed: (error: unknown) => unknown
}

/** One file of records. */
export interface Segment {
  readonly name: SegmentName
  /** In bytes. */
  size: number
  readonly dead: DeadRecords
}
