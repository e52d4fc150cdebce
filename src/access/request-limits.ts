import { networkOf } from '../oci/owner.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Access, AccessRequest } from '../ports/access.ts'
import { checkRate, type Rate, TokenBuckets } from './token-buckets.ts'

/** How many requests are answered. */
export interface RequestLimits {
  /**
   * Requests a second, in the long run, of one principal, and of the callers of one address together who have
   * no name or wrong credentials.
   */
  readonly perSecond: number
  /** Requests of the same at once, after a pause. Default: as many as ten seconds allow, at least 1. */
  readonly burst?: number
  /**
   * Requests of all callers of one address together, refused before anyone asks who calls. It also meets users
   * who share an address behind a router or a proxy that is not trusted. Default: no such limit.
   */
  readonly perAddress?: Rate
  /** Milliseconds that never go back. Default: `performance.now`. */
  readonly clock?: () => number
}

/**
 * Limits how many requests one caller gets answered; the others are refused with a 429 that says when to come
 * back. The token endpoint counts as any other route. IPv6 addresses count by their network of 64 bits.
 * Callers without a name whose address is not known, as over a unix socket, are not limited.
 *
 * @param access decides who may do what; null lets everyone do everything
 *
 * @example
 * const access = limitRequests(registryAccess({ logins, policy }), { perSecond: 50 })
 * const registry = createRegistry({ access })
 *
 * @throws RangeError when a rate is not one.
 */
export function limitRequests(access: Access | null, limits: RequestLimits): Access {
  const { perSecond, perAddress, clock = () => performance.now() } = limits
  const rate = { perSecond, burst: limits.burst ?? Math.max(1, 10 * perSecond) }
  checkRate(rate, 'limitRequests')
  if (perAddress !== undefined) checkRate(perAddress, 'limitRequests: perAddress')
  const inner = access ?? everythingForEveryone
  const networks = new Networks()
  // Apart, so that a flood from many addresses pushes no principal's bucket out of memory.
  const principals = new TokenBuckets(rate, clock)
  const addresses = new TokenBuckets(rate, clock)
  const everyone = perAddress === undefined ? null : new TokenBuckets(perAddress, clock)
  /** Requests of principals that are refused once it is their turn, so that their report names who called. */
  const refusals: WeakMap<AccessRequest, RegistryError> = new WeakMap()

  const takeOfAddress = (buckets: TokenBuckets | null, { peer }: AccessRequest): void => {
    const { address } = peer
    if (buckets === null || address === undefined) return
    const waitMs = buckets.take(networks.of(address))
    if (waitMs > 0) throw tooMany(waitMs)
  }

  const limited: Access = {
    async authenticate(request) {
      takeOfAddress(everyone, request)
      const caller = await inner.authenticate(request)
      if (caller === null || 'rejected' in caller) {
        takeOfAddress(addresses, request)
        return caller
      }
      const waitMs = principals.take(caller.id)
      if (waitMs > 0) refusals.set(request, tooMany(waitMs))
      return caller
    },

    async authorize(principal, asks, request) {
      const refused = refusals.get(request)
      if (refused !== undefined) throw refused
      return inner.authorize(principal, asks, request)
    },

    challenge: (asks, request) => inner.challenge(asks, request),
  }
  const catalog = inner.catalog?.bind(inner)
  if (catalog !== undefined) limited.catalog = catalog
  const token = inner.token?.bind(inner)
  if (token === undefined) return limited
  limited.token = async (request, call) => {
    takeOfAddress(everyone, call)
    // Without credentials it is known before a token is made that the caller has no name.
    const isUnnamed = request.method === 'GET' && !request.headers.has('authorization')
    if (isUnnamed) takeOfAddress(addresses, call)
    const answer = await token(request, call)
    if (answer.principal !== null) {
      const waitMs = principals.take(answer.principal.id)
      if (waitMs > 0) throw tooMany(waitMs)
    } else if (!isUnnamed) takeOfAddress(addresses, call)
    return answer
  }
  return limited
}

/** The error of a caller who may come back in `waitMs` milliseconds. */
export function tooMany(waitMs: number, reason: string = ''): RegistryError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  return new RegistryError('tooManyRequests', {
    advice: `${reason}wait ${seconds} s and try again`,
    headers: { 'Retry-After': String(seconds) },
  })
}

/** The networks of addresses. One of IPv6 takes a microsecond to find, so those found lately are kept. */
class Networks {
  readonly #found: Map<string, string> = new Map()

  of(address: string): string {
    if (!address.includes(':')) return address
    const known = this.#found.get(address)
    if (known !== undefined) return known
    const network = networkOf(address)
    if (this.#found.size >= mostNetworks) this.#found.clear()
    this.#found.set(address, network)
    return network
  }
}

const mostNetworks = 4096

const everythingForEveryone: Access = {
  authenticate: () => Promise.resolve(null),
  authorize: (_, asks) => Promise.resolve(asks.map(() => 'allow')),
  // Nothing is refused for lack of a name.
  challenge: () => 'Basic realm="Layerdock"',
  catalog: () => Promise.resolve('all'),
}
