import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { LoginResult } from './login.ts'

/** What came of credentials, kept for a short time. */
export interface Verdicts {
  /**
   * The verdict on credentials: a kept one, that of a check under way for the same credentials, or that of
   * `check`.
   *
   * @param credentials the header's text; kept only as a keyed hash
   */
  of(credentials: string, check: () => Promise<LoginResult>): LoginResult | Promise<LoginResult>
}

/** How long verdicts are kept. */
export interface VerdictOptions {
  /** For how long, in milliseconds, credentials that are right are believed. */
  readonly keepMs: number
  /** The same of credentials that are wrong. */
  readonly keepWrongMs: number
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Changes when earlier verdicts do not count any more. */
  readonly generation: () => number
}

interface Verdict {
  readonly result: LoginResult
  readonly until: number
  readonly generation: number
}

/** Verdicts kept at once; the oldest go first. */
const mostVerdicts = 10_000

/** Makes a cache of verdicts. Its key is of this process alone. */
export function keepVerdicts({ keepMs, keepWrongMs, clock, generation }: VerdictOptions): Verdicts {
  const kept: Map<string, Verdict> = new Map()
  const underWay: Map<string, Promise<LoginResult>> = new Map()
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const utf8 = new TextEncoder()

  async function checked(key: string, check: () => Promise<LoginResult>): Promise<LoginResult> {
    const before = generation()
    const result = await check()
    const now = clock()
    const isRight = result !== null && !('rejected' in result)
    const until = Math.min(
      now + (isRight ? keepMs : keepWrongMs),
      isRight ? (result.expiresAt ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
    )
    if (kept.size >= mostVerdicts) kept.delete(kept.keys().next().value ?? '')
    kept.set(key, { result, until, generation: before })
    return result
  }

  return {
    of(credentials, check) {
      const key = hmac(sha256, secret, utf8.encode(credentials)).toString()
      const verdict = kept.get(key)
      if (verdict !== undefined) {
        if (verdict.until > clock() && verdict.generation === generation()) return verdict.result
        kept.delete(key)
      }
      const running = underWay.get(key)
      if (running !== undefined) return running
      const run = checked(key, check).finally(() => underWay.delete(key))
      underWay.set(key, run)
      return run
    },
  }
}
