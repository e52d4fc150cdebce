import type { JSONWebKeySet } from 'jose'
import { defaultAlgorithms, signatureAlgorithms } from './algorithms.ts'
import { trustedUrl } from './fetch-json.ts'
import { publicKeys } from './issuer-keys.ts'

/** Where the keys of an issuer are. */
export type IssuerKeySource =
  | { readonly jwks: JSONWebKeySet }
  /** The address of a JWKS: https, or http on this machine. */
  | { readonly url: string }
  /** A secret that the issuer shares with the registry, for HS256, HS384 and HS512: 32 bytes or more. */
  | { readonly secret: Uint8Array }

/** An issuer whose tokens are believed, and what is read from them. */
export interface TrustedIssuer {
  /** What policies call it. Its principals are called `<name>:<user claim>`. */
  readonly name: string
  /** The `iss` of its tokens, exactly. */
  readonly issuer: string
  /** A token's `aud` has to have one of these. */
  readonly audiences: readonly string[]
  /** Default: what `<issuer>/.well-known/openid-configuration` says. */
  readonly keys?: IssuerKeySource
  /** Signature algorithms. Default: RS256, ES256 and EdDSA; for a secret they have to be named. */
  readonly algorithms?: readonly string[]
  /** The claim that names the caller. Default: `sub`. */
  readonly user?: string
  /** The claim that lists the caller's groups. Default: none is read. */
  readonly groups?: string
  /** Whether a verified token is believed at all. Default: each is. */
  readonly isAccepted?: (claims: Readonly<Record<string, unknown>>) => boolean
  /** Whether a token may be given as the password. Default: true for `oidcLogin`, false for `jwtBearer`. */
  readonly exchange?: boolean
  /** Whether the caller may do no more than Docker's `access` claim says. Default: false. */
  readonly dockerAccess?: boolean
  /** By how many seconds the issuer's clock may differ. Default: 60. */
  readonly clockSkewSeconds?: number
  /**
   * How long clients may go on with tokens of ours that they got for one of the issuer, in milliseconds. The
   * tokens of CI systems last for a few minutes, a large push for longer. Default: 15 minutes.
   */
  readonly sessionMs?: number
}

/** Ed25519 is the newer name of EdDSA with that curve. */
const publicAlgorithms: ReadonlySet<string> = new Set([...signatureAlgorithms, 'Ed25519'])
const secretAlgorithms: ReadonlySet<string> = new Set(['HS256', 'HS384', 'HS512'])

/** @throws TypeError that says which field cannot be as it is. */
export function checkIssuer(issuer: TrustedIssuer): void {
  const { name, audiences, keys, clockSkewSeconds: skew = 60, sessionMs = 1 } = issuer
  const wrong = (field: string, what: string): TypeError =>
    new TypeError(`issuer ${name}: ${field} ${what}`)
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw wrong('name', 'has letters, digits, ".", "_" and "-"')
  }
  if (issuer.issuer === '') throw wrong('issuer', 'is empty')
  if (audiences.length === 0 || audiences.includes('')) {
    throw wrong('audiences', 'have to be named: a token for another service is not for this one')
  }
  if (!(skew >= 0 && skew <= 600)) throw wrong('clockSkewSeconds', 'is from 0 to 600')
  if (!(sessionMs > 0)) throw wrong('sessionMs', 'is more than 0')
  const known = isSecret(keys) ? secretAlgorithms : publicAlgorithms
  const unknown = algorithmsOf(issuer).find((algorithm) => !known.has(algorithm))
  if (unknown !== undefined) throw wrong('algorithms', `may not have ${unknown} for these keys`)
  if (algorithmsOf(issuer).length === 0) throw wrong('algorithms', 'have to be named')
  if (isSecret(keys) && keys.secret.byteLength < 32) throw wrong('keys', 'has a short secret')
  if (keys !== undefined && 'jwks' in keys) {
    try {
      publicKeys(keys.jwks)
    } catch (error) {
      throw wrong('keys', (error as Error).message)
    }
  }
  const url = keys === undefined ? issuer.issuer : 'url' in keys ? keys.url : null
  if (url === null) return
  try {
    trustedUrl(url)
  } catch (error) {
    throw wrong(keys === undefined ? 'issuer' : 'keys', (error as Error).message)
  }
}

/** The algorithms that are accepted. */
export function algorithmsOf({ algorithms, keys }: TrustedIssuer): readonly string[] {
  return algorithms ?? (isSecret(keys) ? [] : defaultAlgorithms)
}

function isSecret(keys: IssuerKeySource | undefined): keys is { readonly secret: Uint8Array } {
  return keys !== undefined && 'secret' in keys
}
