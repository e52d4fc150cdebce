import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Identified, LoginResult } from './login.ts'
import { sipHasher } from './siphash.ts'

/** What came of credentials, kept for a short time. */
export interface Verdicts {
  /**
   * The kept verdict on a header of credentials that were right; undefined where there is none. It costs little,
   * since almost every request comes by here. Also undefined where the verdict is to be renewed.
   */
  find(header: string): LoginResult | undefined
  /**
   * The verdict on credentials: a kept one, that of a check under way for the same credentials, or that of
   * `check`.
   *
   * @param credentials kept only as a keyed hash
   * @param header by which `find` knows them from then on, where they are right
   */
  of(
    credentials: string,
    check: () => Promise<LoginResult>,
    header?: string,
  ): LoginResult | Promise<LoginResult>
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
  /** When the next request has the credentials checked again, beside the requests. */
  renewAt: number
}

/** The verdict on a header. */
interface HeaderVerdict {
  readonly verdict: Verdict
  readonly until: number
  /** The header, where its key is a part of it; null where the key is a hash of it. */
  readonly header: string | null
}

/**
 * The part of its time after which a right verdict is renewed. Without that, all requests of a busy client would
 * wait for a check each time its verdict ends, behind those of others.
 */
const renewAfter = 2 / 3

/** Right credentials kept at once; the oldest go first. */
const mostRight = 4_096
/** The same of wrong ones, apart from the others: a flood of them must not have everyone checked again. */
const mostWrong = 1_024
/** Headers up to this are kept as they are, up to the second as a hash, and longer ones not at all. */
const [shortHeader, longHeader] = [1_024, 4_096]
/** The end of a signature, of 256 bits or more: enough to find a token by. */
const signatureEnd = 43

/** Makes a cache of verdicts. Its keys are of this process alone. */
export function keepVerdicts({ keepMs, keepWrongMs, clock, generation }: VerdictOptions): Verdicts {
  const right: Map<string, Verdict> = new Map()
  const wrong: Map<string, Verdict> = new Map()
  const headers: Map<string, HeaderVerdict> = new Map()
  const underWay: Map<string, Promise<Verdict>> = new Map()
  /** Made with the first request: a worker may not ask for random bytes before. */
  let secrets: { readonly mac: Uint8Array; readonly hash: (text: string) => string } | null = null
  const utf8 = new TextEncoder()

  function keys(): NonNullable<typeof secrets> {
    secrets ??= {
      mac: crypto.getRandomValues(new Uint8Array(32)),
      hash: sipHasher(crypto.getRandomValues(new Uint8Array(16))),
    }
    return secrets
  }

  /** A verdict that still counts. */
  function current(table: Map<string, Verdict>, key: string): Verdict | undefined {
    const verdict = table.get(key)
    if (verdict === undefined) return undefined
    if (verdict.until > clock() && verdict.generation === generation()) return verdict
    table.delete(key)
    return undefined
  }

  function keep<T extends { readonly until: number }>(
    table: Map<string, T>,
    key: string,
    kept: T,
    most: number,
  ): void {
    // The oldest stand first.
    for (const [old, { until }] of table) {
      if (table.size < most && until > clock()) break
      table.delete(old)
    }
    table.set(key, kept)
  }

  /**
   * A JSON Web Token ends by itself within minutes, and to hash its hundreds of characters would cost more than
   * all the rest. Passwords and tokens that last are not kept.
   */
  function isKeptWhole(header: string): boolean {
    return header.length <= shortHeader && header.startsWith('Bearer ey')
  }

  /** The end of a header that is kept whole: Node takes a microsecond to look for all of it in a table. */
  function keyOf(header: string, isWhole: boolean): string {
    return isWhole ? header.slice(-signatureEnd) : keys().hash(header)
  }

  async function checked(key: string, check: () => Promise<LoginResult>): Promise<Verdict> {
    const before = generation()
    const result = await check()
    const isRight = isIdentified(result)
    const now = clock()
    const until = Math.min(
      now + (isRight ? keepMs : keepWrongMs),
      isRight ? (result.expiresAt ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
    )
    const renewAt = isRight ? now + keepMs * renewAfter : Number.POSITIVE_INFINITY
    const verdict = { result, until, generation: before, renewAt }
    right.delete(key)
    if (isRight) keep(right, key, verdict, mostRight)
    else keep(wrong, key, verdict, mostWrong)
    return verdict
  }

  /** Has credentials checked, once at a time. */
  function checkOnce(key: string, check: () => Promise<LoginResult>): Promise<Verdict> {
    let run = underWay.get(key)
    if (run === undefined) {
      run = checked(key, check).finally(() => underWay.delete(key))
      underWay.set(key, run)
    }
    return run
  }

  /** Has credentials checked while the verdict on them still counts, once. */
  function renewIfDue(key: string, verdict: Verdict, check: () => Promise<LoginResult>): void {
    if (verdict.renewAt > clock()) return
    verdict.renewAt = Number.POSITIVE_INFINITY
    // Where that fails, the request that comes after its end is told.
    checkOnce(key, check).catch(() => {})
  }

  function told(verdict: Verdict, header: string | undefined): LoginResult {
    const isKept = header !== undefined && header.length <= longHeader
    if (isKept && isIdentified(verdict.result)) {
      const isWhole = isKeptWhole(header)
      const found = { verdict, until: verdict.until, header: isWhole ? header : null }
      keep(headers, keyOf(header, isWhole), found, mostRight)
    }
    return verdict.result
  }

  return {
    find(header) {
      if (header.length > longHeader) return undefined
      const isWhole = isKeptWhole(header)
      const found = headers.get(keyOf(header, isWhole))
      // Two tokens with one end take turns in the table.
      if (found === undefined || (isWhole && found.header !== header)) return undefined
      const { result, until, renewAt, generation: before } = found.verdict
      return Math.min(until, renewAt) > clock() && before === generation() ? result : undefined
    },

    of(credentials, check, header) {
      const key = hmac(sha256, keys().mac, utf8.encode(credentials)).toString()
      const verdict = current(right, key) ?? current(wrong, key)
      if (verdict !== undefined) {
        renewIfDue(key, verdict, check)
        return told(verdict, header)
      }
      return checkOnce(key, check).then((found) => told(found, header))
    },
  }
}

function isIdentified(result: LoginResult): result is Identified {
  return result !== null && !('rejected' in result)
}
