import type { Segment } from './segment.ts'

/** What all segments have together, kept as it changes: there may be thousands of them. */
export class SegmentTotals {
  /** Their size, in bytes. */
  bytes = 0
  /** What of that was deleted, in bytes. */
  deadBytes = 0
  /** What dropping segments has given back, in bytes. */
  freedBytes = 0

  readonly noteDead = (bytes: number): void => {
    this.deadBytes += bytes
  }

  noteDropped({ size, dead }: Segment): void {
    this.bytes -= size
    this.deadBytes -= dead.bytes
    this.freedBytes += size
  }
}
