import type { Answer } from './send.ts'

const dayMs = 86_400_000
const firstMs = 1000
const longestMs = 10 * 60_000

/** When a message is given up. */
export const patience: {
  readonly waitedMs: number
  readonly tries: number
  readonly refusals: number
  readonly failuresInARow: number
} = {
  /** It waited so long, in milliseconds. */
  waitedMs: dayMs,
  /** And failed so often: it may have waited while no server ran. */
  tries: 5,
  /** A receiver that understands a message and refuses it will hardly change its mind. */
  refusals: 5,
  /** An endpoint that failed so often in a row is asked once at a time, with pauses. */
  failuresInARow: 3,
}

/** What an answer means. */
export type Verdict =
  | { readonly kind: 'delivered' }
  /** Try again, for a day. */
  | { readonly kind: 'failed'; readonly error: string; readonly retryAfterMs: number | null }
  /** The receiver understands the message and refuses it: try again some times. */
  | { readonly kind: 'refused'; readonly error: string }
  /** The receiver is gone for good: give up at once. */
  | { readonly kind: 'gone'; readonly error: string }

/** Answers that are about the message, and not about the receiver or its credentials. */
const refusing: ReadonlySet<number> = new Set([400, 405, 406, 411, 413, 414, 415, 422, 431, 501])

/** What an answer means for its message. */
export function verdictOf({ status, retryAfterMs }: Answer): Verdict {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const error = `the receiver answered ${status}`
  if (status === 410) return { kind: 'gone', error }
  if (refusing.has(status)) return { kind: 'refused', error }
  if (status >= 300 && status < 400) {
    return { kind: 'failed', error: `${error}, and redirects are not followed`, retryAfterMs: null }
  }
  return { kind: 'failed', error, retryAfterMs }
}

/**
 * How long to wait after so many failures, in milliseconds: a second at first, twice as long each time, up to ten
 * minutes, and between half of that and all of it.
 *
 * @param random from 0 to 1
 */
export function pauseAfter(failures: number, random: number): number {
  const most = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30))
  return Math.ceil(most * (0.5 + random / 2))
}

/** Whether a message that failed is given up. @param failures with this one; @param isOld whether it waited for a day */
export function isGivenUp(
  verdict: Exclude<Verdict, { readonly kind: 'delivered' }>,
  failures: number,
  isOld: boolean,
): boolean {
  if (verdict.kind === 'gone') return true
  if (verdict.kind === 'refused') return failures >= patience.refusals
  return isOld && failures >= patience.tries
}
