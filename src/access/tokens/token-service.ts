import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { AccessRequest, Principal, Rejection, TokenAnswer } from '../../ports/access.ts'
import type { Identified, PrincipalDetails } from '../login.ts'
import type { StampOf, TokenDeps, TokenService } from '../token-service.ts'
import { carriedDetails, mostTokenCharacters } from './carried-details.ts'
import { formatScopes, grantScopes, parseScopes } from './scopes.ts'
import { isWrong, type RefreshContent, signedTokens } from './signed-tokens.ts'
import { type SigningKeys, signingKeys } from './signing-keys.ts'
import { grantedAnswer, refusedAnswer } from './token-answer.ts'
import { type Proof, readTokenRequest } from './token-request.ts'

/** What a token service is made of. */
export interface TokenServiceOptions {
  /**
   * The name of the registry in challenges and tokens, such as `registry.example.com`. It stays the same:
   * refresh tokens are for this name alone.
   */
  readonly service: string
  /** Who the tokens are from, their `iss`. Default: the service. */
  readonly issuer?: string
  /** Default: keys of this process alone, so that its tokens end with it. */
  readonly keys?: SigningKeys
  /** How long access tokens live, in milliseconds: at least a minute. Default: 5 minutes. */
  readonly accessMs?: number
  /**
   * How long refresh tokens live, in milliseconds; 0 for none. Clients keep one in place of the password, so without
   * `keys` the default is none: after a restart, its user would have to log in again. Otherwise: 30 days.
   */
  readonly refreshMs?: number
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

/** Older clients take less for an error. */
const leastMs = 60_000
/** Access tokens of those whose own credentials soon end, such as CI jobs, live no longer than this. */
const mostSessionMs = 3_600_000

/**
 * Short-lived tokens for clients that log in, signed with ES256.
 *
 * @throws TypeError for a service that no challenge can hold.
 * @example
 * const tokens = tokenService({ service: 'registry.example.com' })
 * const access = registryAccess({ logins, policy, tokens })
 */
export function tokenService(options: TokenServiceOptions): TokenService {
  const { service } = options
  if (!/^[!#-[\]-~]+$/.test(service)) {
    throw new TypeError('service: a name of printable ASCII without spaces and quotes')
  }
  const issuer = options.issuer ?? service
  const accessMs = Math.max(options.accessMs ?? 300_000, leastMs)
  const refreshMs = options.refreshMs ?? (options.keys === undefined ? 0 : 30 * 86_400_000)
  const clock = options.clock ?? Date.now
  const keys = options.keys ?? signingKeys({ clock })
  const tokens = signedTokens({ keys, issuer, service, clock })

  /** Who asks; null for an anonymous caller. */
  async function identify(
    proof: Proof,
    call: AccessRequest,
    deps: TokenDeps,
  ): Promise<Asker | Rejection> {
    switch (proof.kind) {
      case 'basic':
        return byLogin(await deps.password(proof.user, proof.password, call))
      case 'none':
        return byLogin(await deps.request(call))
      case 'refresh':
        return byRefresh(proof.token, deps)
      case 'bearer':
      case 'malformed':
        return { rejected: true, message: 'send a user name and a password' }
    }
  }

  async function byRefresh(token: string, deps: TokenDeps): Promise<Asker | Rejection> {
    const content = await tokens.verifyRefresh(token)
    const over: Rejection = { rejected: true, message: 'the refresh token is over; log in again' }
    if (isWrong(content)) return { rejected: true, message: `${content.wrong}; log in again` }
    const found = await stillThere(content, deps.stampOf)
    return found === null ? over : { found, refresh: { token, content } }
  }

  /** A refresh token for a login that has a stamp; the same one where that is what came. */
  async function refreshTokenFor({ found, refresh }: Asker, now: number): Promise<string | null> {
    if (refresh !== null) return refresh.token
    if (refreshMs === 0) return null
    if (found?.stamp === undefined || found.principal === null) return null
    return tokens.refresh({
      subject: found.principal.id,
      details: carriedDetails(found.principal),
      expiresAt: now + Math.min(found.sessionMs ?? refreshMs, refreshMs),
      stamp: hashOf(found.stamp),
    })
  }

  /** How long the access token lives, in milliseconds. */
  function lifeOf({ found, refresh }: Asker, now: number): number {
    if (found?.sessionMs !== undefined) {
      const end = refresh?.content.expiresAt ?? now + found.sessionMs
      return Math.max(Math.min(end - now, mostSessionMs), leastMs)
    }
    const end = found?.expiresAt ?? Number.POSITIVE_INFINITY
    return Math.max(Math.min(end - now, accessMs), leastMs)
  }

  return {
    service,

    async answer(request, call, deps): Promise<TokenAnswer> {
      const wanted = await readTokenRequest(request, call)
      if ('status' in wanted) return refusedAnswer(wanted.status, wanted.error, wanted.message)
      if (wanted.service !== undefined && wanted.service !== '' && wanted.service !== service) {
        return refusedAnswer(400, 'invalid_request', `this is the token endpoint of ${service}`)
      }
      const asker = await identify(wanted.proof, call, deps)
      if ('rejected' in asker) {
        const message = asker.message ?? 'wrong user name or password'
        return refusedAnswer(401, 'invalid_grant', message, {
          'WWW-Authenticate': `Basic realm="${service}"`,
        })
      }
      const { found, refresh } = asker
      const principal = found?.principal ?? null
      const now = clock()
      const life = lifeOf(asker, now)
      const details = principal === null ? {} : carriedDetails(principal)
      const access = grantScopes(
        parseScopes(wanted.scopes),
        (ask) => deps.allows(principal, ask),
        mostTokenCharacters - JSON.stringify(details).length,
      )
      const token = await tokens.access({
        subject: principal?.id ?? null,
        details,
        expiresAt: now + life,
        access,
        stamp: found?.stamp === undefined ? null : hashOf(found.stamp),
      })
      return grantedAnswer(
        {
          token,
          seconds: Math.floor(life / 1000),
          issuedAt: now,
          scope: formatScopes(access),
          refreshToken: wanted.wantsRefresh ? await refreshTokenFor(asker, now) : null,
        },
        principal,
        refresh === null ? loginOf(principal) : 'refresh token',
      )
    },

    async verify(token, stampOf) {
      const content = await tokens.verifyAccess(token)
      if (content === null) return null
      if (isWrong(content)) return { rejected: true, message: content.wrong }
      const { subject, details, access, expiresAt, stamp } = content
      if (subject === null) return { principal: null, expiresAt }
      if (stamp === null)
        return { principal: { id: subject, details: { ...details, access } }, expiresAt }
      const found = await stillThere({ ...content, stamp }, stampOf)
      if (found?.principal == null)
        return { rejected: true, message: 'the login behind the token is over' }
      return {
        principal: { id: subject, details: { ...found.principal.details, access } },
        expiresAt,
      }
    },
  }
}

/** Who a token was made for, where the login that found it still says the same of it; otherwise null. */
async function stillThere(
  { subject, details, stamp }: RefreshContent,
  stampOf: StampOf,
): Promise<Identified | null> {
  if (subject === null || details.login === undefined) return null
  const found = await stampOf(details.login, subject, details as PrincipalDetails)
  if (found?.stamp === undefined || found.principal?.id !== subject) return null
  return hashOf(found.stamp) === stamp ? found : null
}

/** Who asks for a token, and the refresh token that says so. */
interface Asker {
  readonly found: Identified | null
  readonly refresh: { readonly token: string; readonly content: RefreshContent } | null
}

function byLogin(found: Identified | Rejection | null): Asker | Rejection {
  return found !== null && 'rejected' in found ? found : { found, refresh: null }
}

function loginOf(principal: Principal | null): string {
  if (principal === null) return 'anonymous'
  const { login } = (principal.details ?? {}) as Partial<PrincipalDetails>
  return login ?? 'login'
}

function hashOf(stamp: string): string {
  return bytesToHex(sha256(new TextEncoder().encode(stamp)))
}
