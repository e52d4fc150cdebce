import type { OutgoingRequest } from '../outgoing-request.ts'

/** What a receiver answered. */
export interface Answer {
  readonly status: number
  /** Its `Retry-After`, in milliseconds; null without one. */
  readonly retryAfterMs: number | null
}

/**
 * Sends one request and reads its answer to the end, up to a bound. Follows no redirect.
 *
 * @throws DeliveryFailed whose message may be shown; what any other error says is shown to no one
 */
export type Send = (request: OutgoingRequest, signal: AbortSignal) => Promise<Answer>

/** A request got no answer. The message says why, and has no secret in it. */
export class DeliveryFailed extends Error {
  override readonly name = 'DeliveryFailed'
}

/** Why a request failed, in words that may be shown: an error of a runtime may repeat the URL. */
export function reasonOf(error: unknown): string {
  if (error instanceof DeliveryFailed) return error.message
  const code = codeOf(error) ?? codeOf((error as { readonly cause?: unknown } | null)?.cause)
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code)
    ? `the request failed (${code})`
    : 'the request failed'
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | null | undefined)?.code
}

/** Reads a `Retry-After`: seconds or a date. In milliseconds, an hour at most; null where it is neither. */
export function parseRetryAfter(text: string | null | undefined, now: number): number | null {
  if (text === null || text === undefined || text === '') return null
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, 3_600_000) : null
}
