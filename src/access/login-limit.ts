import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { networkOf } from '../oci/owner.ts'
import type { AccessRequest, Rejection } from '../ports/access.ts'
import type { Identified } from './login.ts'
import { tooMany } from './request-limits.ts'
import { checkRate, TokenBuckets } from './token-buckets.ts'

/** How many wrong passwords are looked at. */
export interface LoginLimitOptions {
  /**
   * Wrong passwords a minute, from one address, and for one user name. Default: 30. The same credentials again
   * count only once the verdict on them is forgotten, after a few seconds.
   */
  readonly perMinute?: number
  /** Wrong passwords at once, after a pause. Default: `perMinute`. */
  readonly burst?: number
  /** Milliseconds that never go back. Default: `performance.now`. */
  readonly clock?: () => number
}

/** Refuses logins after too many wrong ones. */
export interface LoginLimit {
  /**
   * Has `check` find out whose password this is, unless too many were wrong before.
   *
   * @throws RegistryError `tooManyRequests` with `Retry-After`; `check` was not called then.
   */
  run(
    user: string,
    request: AccessRequest,
    check: () => Promise<Identified | Rejection>,
  ): Promise<Identified | Rejection>
}

/** Addresses from which a user has logged in; the least recently used go first. */
const mostFamiliar = 16_384

/**
 * Makes a limit on wrong passwords, which is asked before a password is hashed: a flood of them costs no more
 * than the requests do. A password that is looked at counts as wrong until it turns out to be right, so that
 * many at once are no way around it.
 *
 * Others who try a user's name do not lock that user out: from an address from which the user has logged in
 * before, only the wrong passwords for that name from there count.
 *
 * @throws RangeError when a rate is not one.
 */
export function limitLogins(options: LoginLimitOptions = {}): LoginLimit {
  const { perMinute = 30, burst = perMinute, clock = () => performance.now() } = options
  const rate = { perSecond: perMinute / 60, burst }
  checkRate(rate, 'limitLogins')
  const addresses = new TokenBuckets(rate, clock)
  const users = new TokenBuckets(rate, clock)
  const pairs = new TokenBuckets(rate, clock)
  const familiar: Set<string> = new Set()

  function remember(pair: string): void {
    if (!familiar.delete(pair) && familiar.size >= mostFamiliar) {
      familiar.delete(familiar.keys().next().value as string)
    }
    familiar.add(pair)
  }

  /** The buckets that a login takes from, with their keys. */
  function bucketsOf(
    user: string,
    pair: string,
    network: string | null,
  ): ReadonlyArray<readonly [TokenBuckets, string]> {
    if (familiar.has(pair)) return [[pairs, pair]]
    const byUser = [users, user] as const
    return network === null ? [byUser] : [[addresses, network], byUser]
  }

  return {
    async run(name, request, check) {
      // A name may be long, and a slice of the text that holds the password.
      const user = bytesToHex(sha256(new TextEncoder().encode(name)))
      const { address } = request.peer
      const network = address === undefined ? null : networkOf(address)
      const pair = `${user} ${network}`
      const taken: Array<readonly [TokenBuckets, string]> = []
      const giveBack = (): void => {
        for (const [buckets, key] of taken) buckets.giveBack(key)
      }
      for (const [buckets, key] of bucketsOf(user, pair, network)) {
        const waitMs = buckets.take(key)
        if (waitMs > 0) {
          giveBack()
          throw tooMany(waitMs, 'after too many wrong passwords, ')
        }
        taken.push([buckets, key])
      }
      let result: Identified | Rejection
      try {
        result = await check()
      } catch (error) {
        giveBack()
        throw error
      }
      if ('rejected' in result) return result
      giveBack()
      remember(pair)
      return result
    },
  }
}
