import type { NoticeSink } from '../../../src/index.ts'

/** A collection of garbage that came to its end. */
export interface LastCollection {
  /** When it ended, in milliseconds since the epoch. */
  readonly at: number
  readonly freedBytes: number
}

/** Notes the last collection of this process, and passes all notices on. */
export function noteCollections(onNotice: NoticeSink): {
  readonly onNotice: NoticeSink
  /** Null before the first. */
  last(): LastCollection | null
} {
  let last: LastCollection | null = null
  return {
    onNotice(notice) {
      if (notice.kind === 'garbage-collected' && notice.isComplete) {
        last = { at: Date.now(), freedBytes: notice.bytes }
      }
      return onNotice(notice)
    },
    last: () => last,
  }
}
