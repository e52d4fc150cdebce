import type { JWK } from 'jose'
import type { Issuer } from '../policy/read-policy.ts'
import { haveClaims } from '../policy/who.ts'
import { publicKeys } from './issuer-keys.ts'
import type { TrustedIssuer } from './trusted-issuer.ts'

/**
 * The issuers of a policy, for `oidcLogin`.
 *
 * @param readText reads a file that the policy names for the keys of an issuer
 * @throws Error that names the issuer, its file and what is wrong.
 * @example
 * const { policy } = parsePolicy(text)
 * const login = oidcLogin(await trustedIssuers(policy.issuers, (path) => readFile(path, 'utf8')))
 */
export function trustedIssuers(
  issuers: readonly Issuer[],
  readText: (path: string) => Promise<string>,
): Promise<readonly TrustedIssuer[]> {
  return Promise.all(issuers.map((issuer) => trusted(issuer, readText)))
}

async function trusted(
  issuer: Issuer,
  readText: (path: string) => Promise<string>,
): Promise<TrustedIssuer> {
  const { keys, claims, sessionSeconds, ...rest } = issuer
  const found = {
    ...rest,
    isAccepted: (given: Readonly<Record<string, unknown>>) => haveClaims(given, claims),
    sessionMs: sessionSeconds * 1000,
  }
  if (keys === undefined) return found
  if ('url' in keys) return { ...found, keys }
  try {
    const jwks = { keys: publicKeys(JSON.parse(await readText(keys.file))) }
    const usable = await Promise.all(jwks.keys.map(isUsable))
    // An issuer may list keys of later kinds beside those.
    if (!usable.includes(true)) throw new Error('none of its keys can verify a token')
    return { ...found, keys: { jwks } }
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message
    throw new Error(
      `issuer ${issuer.name}: ${keys.file}: ${reason}; it has to be a JWKS, {"keys": […]}, of public keys`,
    )
  }
}

/** Algorithms of keys that do not say theirs, by type and curve. */
const algorithms: ReadonlyMap<unknown, string> = new Map([
  ['RSA', 'RS256'],
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
  ['Ed25519', 'EdDSA'],
])

/** Whether a key can verify signatures. */
async function isUsable(key: JWK): Promise<boolean> {
  const { importJWK } = await import('jose/key/import')
  const { kty, crv, alg = algorithms.get(kty === 'RSA' ? kty : crv), use } = key
  if (alg === undefined || use === 'enc') return false
  return importJWK(key, alg).then(
    () => true,
    () => false,
  )
}
