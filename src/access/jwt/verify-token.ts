import type { IssuerKeys } from './issuer-keys.ts'
import type { UnverifiedToken } from './read-token.ts'
import { algorithmsOf, type TrustedIssuer } from './trusted-issuer.ts'

/** What came of a token. */
export type Verified =
  | { readonly claims: Readonly<Record<string, unknown>>; readonly expiresAt: number }
  /** What the client is told. */
  | { readonly wrong: string }

/** What a token may call itself. Others, such as those of a logout, are for something else. */
const types: ReadonlySet<string> = new Set(['jwt', 'at+jwt'])

/**
 * Verifies a token of an issuer: the algorithm by the issuer's list, the key by the issuer's keys alone (never one
 * that the token brings or names), then the signature, and the claims `iss`, `aud`, `exp`, `nbf` and `iat`.
 *
 * @param now milliseconds since the epoch
 * @throws RegistryError `unavailable` where the keys cannot be had.
 */
export async function verifyToken(
  token: string,
  { header, payload }: UnverifiedToken,
  issuer: TrustedIssuer,
  keys: IssuerKeys,
  now: number,
): Promise<Verified> {
  const { alg, kid, typ } = header
  const algorithms = algorithmsOf(issuer)
  if (typeof alg !== 'string' || !algorithms.includes(alg)) {
    return {
      wrong: `the token is signed with ${shown(alg)}; ${issuer.name} uses ${algorithms.join(', ')}`,
    }
  }
  if (typ !== undefined && !(typeof typ === 'string' && types.has(typeOf(typ)))) {
    return { wrong: `the token is of the type ${shown(typ)}, which is for something else` }
  }
  if (kid !== undefined && typeof kid !== 'string')
    return { wrong: 'the token has a kid that is not text' }
  const candidates = await keys.find(kid === undefined ? { alg } : { alg, kid })
  if (candidates.length === 0) {
    return { wrong: `the token is signed with a key that ${issuer.name} does not list` }
  }
  const [{ jwtVerify }, errors] = await Promise.all([
    import('jose/jwt/verify'),
    import('jose/errors'),
  ])
  const skew = issuer.clockSkewSeconds ?? 60
  const seconds = now / 1000
  for (const key of candidates) {
    try {
      const verified = await jwtVerify(token, key, {
        algorithms: [alg],
        issuer: issuer.issuer,
        audience: [...issuer.audiences],
        requiredClaims: ['exp'],
        clockTolerance: skew,
        currentDate: new Date(now),
      })
      const claims = verified.payload
      if (typeof claims.iat === 'number' && claims.iat > seconds + skew) {
        return { wrong: notYet('iat', claims.iat, now) }
      }
      return { claims, expiresAt: ((claims.exp ?? 0) + skew) * 1000 }
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue
      if (error instanceof errors.JWTExpired) {
        return {
          wrong: `the token has expired: it ended at ${dateOf(payload.exp)}, and here it is ${dateOf(seconds)}`,
        }
      }
      if (error instanceof errors.JWTClaimValidationFailed)
        return { wrong: wrongClaim(error, issuer, now) }
      if (error instanceof errors.JOSEError)
        return { wrong: `the token is not valid: ${error.message}` }
      throw error
    }
  }
  return { wrong: 'the signature of the token is wrong' }
}

function wrongClaim(
  { claim, reason, payload }: { claim: string; reason: string; payload: Record<string, unknown> },
  issuer: TrustedIssuer,
  now: number,
): string {
  if (reason === 'missing') return `the token has no ${claim}`
  if (claim === 'aud') {
    return `the token is for ${shown(payload.aud)}; ask ${issuer.name} for one for ${issuer.audiences.join(' or ')}`
  }
  if (claim === 'nbf' && typeof payload.nbf === 'number') return notYet('nbf', payload.nbf, now)
  return `the token has an ${claim} that is not accepted`
}

function notYet(claim: string, from: number, now: number): string {
  return `the token counts from ${dateOf(from)} on (${claim}), and here it is ${dateOf(now / 1000)}: one of the clocks is wrong`
}

function dateOf(seconds: unknown): string {
  const date = new Date(Number(seconds) * 1000)
  return Number.isNaN(date.getTime()) ? 'no time' : date.toISOString()
}

function typeOf(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '')
}

/** A value of the client's in a message: short, and without characters that a terminal would obey. */
export function shown(value: unknown): string {
  return JSON.stringify(value ?? null)
    .slice(0, 120)
    .replace(/[^ -~]/g, '?')
}
