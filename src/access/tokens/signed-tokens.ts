import type { JWTPayload } from 'jose'
import type { PrincipalDetails } from '../login.ts'
import type { AccessEntry } from './scopes.ts'
import type { SigningKeys } from './signing-keys.ts'

/** What a token of ours says. */
export interface TokenContent {
  /** The principal's id; null for an anonymous caller. */
  readonly subject: string | null
  readonly details: Partial<PrincipalDetails>
  /** When it ends, in milliseconds since the epoch. */
  readonly expiresAt: number
}

/** A token for the registry itself. */
export interface AccessContent extends TokenContent {
  readonly access: readonly AccessEntry[]
  /** The hash of the login's stamp when it was made; null for a login without stamps. */
  readonly stamp: string | null
}

/** A token for the token endpoint alone. */
export interface RefreshContent extends TokenContent {
  /** The hash of the login's stamp when it was made. */
  readonly stamp: string
}

/** What is wrong with a token of ours, as its bearer is told. */
export interface WrongToken {
  readonly wrong: string
}

/** Signs and verifies the two kinds of tokens, which differ in `typ` and `aud`. */
export interface SignedTokens {
  access(content: AccessContent): Promise<string>
  refresh(content: RefreshContent): Promise<string>
  /** Null where it does not claim to be an access token of this registry. */
  verifyAccess(token: string): Promise<AccessContent | WrongToken | null>
  verifyRefresh(token: string): Promise<RefreshContent | WrongToken>
}

/** What tokens are signed with, and for whom. */
export interface SignedTokenOptions {
  readonly keys: SigningKeys
  readonly issuer: string
  readonly service: string
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

const accessType = 'layerdock-access+jwt'
const refreshType = 'layerdock-refresh+jwt'
/** Other processes may have a clock that is a little behind. */
const skewSeconds = 60
/** Longer texts are no token of ours: a request's headers have to hold it. */
const mostCharacters = 16 * 1024

interface Kind {
  readonly typ: string
  readonly audience: string
}

/** Makes what signs and verifies our tokens. */
export function signedTokens({ keys, issuer, service, clock }: SignedTokenOptions): SignedTokens {
  const access: Kind = { typ: accessType, audience: service }
  const refresh: Kind = { typ: refreshType, audience: `${service} (token endpoint)` }

  async function sign(kind: Kind, content: TokenContent, claims: JWTPayload): Promise<string> {
    const { SignJWT } = await import('jose/jwt/sign')
    const key = await keys.current()
    const now = seconds(clock())
    const token = new SignJWT({ ...claims, ctx: content.details })
      .setProtectedHeader({ alg: 'ES256', typ: kind.typ, kid: key.kid })
      .setIssuer(issuer)
      .setAudience(kind.audience)
      .setIssuedAt(now)
      .setNotBefore(now - skewSeconds)
      .setExpirationTime(seconds(content.expiresAt))
      .setJti(crypto.randomUUID())
    if (content.subject !== null) token.setSubject(content.subject)
    return token.sign(key.privateKey)
  }

  async function verify(kind: Kind, token: string): Promise<JWTPayload | WrongToken> {
    const [{ jwtVerify }, errors] = await Promise.all([
      import('jose/jwt/verify'),
      import('jose/errors'),
    ])
    let isKnownKey = true
    try {
      const { payload } = await jwtVerify(
        token,
        async ({ kid }) => {
          const key = typeof kid === 'string' ? await keys.find(kid) : null
          if (key !== null) return key.publicKey
          isKnownKey = false
          throw new errors.JWKSNoMatchingKey()
        },
        {
          algorithms: ['ES256'],
          typ: kind.typ,
          issuer,
          audience: kind.audience,
          requiredClaims: ['exp', 'iat', 'jti'],
          currentDate: new Date(clock()),
        },
      )
      return payload
    } catch (error) {
      if (!isKnownKey) return { wrong: 'the key that signed the token is not known any more' }
      if (error instanceof errors.JWTExpired) return { wrong: 'the token has expired' }
      if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf') {
        return { wrong: 'the token was made by a clock that is ahead of the one here' }
      }
      if (error instanceof errors.JOSEError) return { wrong: 'the token is not valid' }
      throw error
    }
  }

  return {
    access: (content) =>
      sign(access, content, {
        access: [...content.access],
        ...(content.stamp === null ? {} : { stamp: content.stamp }),
      }),
    refresh: (content) => sign(refresh, content, { stamp: content.stamp }),

    async verifyAccess(token) {
      if (claimedType(token) !== accessType) return null
      const payload = await verify(access, token)
      if (isWrong(payload)) return payload
      return {
        ...contentOf(payload),
        access: payload.access as AccessEntry[],
        stamp: (payload.stamp as string | undefined) ?? null,
      }
    },

    async verifyRefresh(token) {
      if (claimedType(token) !== refreshType) return { wrong: 'this is not a refresh token' }
      const payload = await verify(refresh, token)
      if (isWrong(payload)) return payload
      return { ...contentOf(payload), stamp: payload.stamp as string }
    },
  }
}

/** Whether a token was refused. */
export function isWrong<T extends object>(result: T | WrongToken): result is WrongToken {
  return 'wrong' in result
}

/** The `typ` that a token's header claims, unverified; null where it cannot be read. */
function claimedType(token: string): string | null {
  if (token.length > mostCharacters) return null
  try {
    const text = token.slice(0, token.indexOf('.')).replaceAll('-', '+').replaceAll('_', '/')
    const { typ } = JSON.parse(atob(text)) as { typ?: unknown }
    return typeof typ === 'string' ? typ : null
  } catch {
    return null
  }
}

function contentOf({ sub, exp, ctx }: JWTPayload): TokenContent {
  return {
    subject: sub ?? null,
    details: (ctx ?? {}) as Partial<PrincipalDetails>,
    expiresAt: (exp ?? 0) * 1000,
  }
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
