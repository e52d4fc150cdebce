import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** What the registry under test is called in tokens of the issuer. */
export const audience = 'registry.test'

/** A key of the issuer. */
export interface IssuerKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

/** An issuer on this machine, with a configuration and keys as GitHub's has them. */
export interface LocalIssuer {
  readonly url: string
  /** The keys that it lists. */
  keys: IssuerKey[]
  /** The paths that were asked for. */
  readonly requests: string[]
  /** Answers in place of the issuer where it returns true. */
  instead: (request: IncomingMessage, response: ServerResponse) => boolean
  /** A token as GitHub mints it for a job of `acme/app`, with other claims and headers put over it. */
  token(
    claims?: Record<string, unknown>,
    header?: Record<string, unknown>,
    key?: IssuerKey,
  ): Promise<string>
  close(): Promise<void>
}

/** Makes a key pair for an algorithm. */
export async function issuerKey(alg: string, kid: string): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return {
    kid,
    alg,
    privateKey,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
  }
}

/** The claims of a job of GitHub Actions, of which `iss`, `aud` and times are added. */
export const jobClaims = {
  sub: 'repo:acme/app:ref:refs/heads/main',
  ref: 'refs/heads/main',
  sha: '9f1c2e0a7d5b4c3e8f6a1b2c3d4e5f60718293a4',
  repository: 'acme/app',
  repository_owner: 'acme',
  repository_visibility: 'private',
  actor: 'ann',
  workflow: 'release',
  workflow_ref: 'acme/app/.github/workflows/release.yml@refs/heads/main',
  job_workflow_ref: 'acme/app/.github/workflows/release.yml@refs/heads/main',
  event_name: 'push',
  runner_environment: 'github-hosted',
}

/** Starts an issuer on loopback. */
export async function localIssuer(): Promise<LocalIssuer> {
  const server: Server = createServer((request, response) => {
    issuer.requests.push(request.url ?? '')
    if (issuer.instead(request, response)) return
    const body =
      request.url === '/.well-known/openid-configuration'
        ? { issuer: url, jwks_uri: `${url}/.well-known/jwks` }
        : { keys: issuer.keys.map(({ publicJwk }) => publicJwk) }
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const issuer: LocalIssuer = {
    url,
    keys: [await issuerKey('RS256', 'rsa-1')],
    requests: [],
    instead: () => false,
    async token(claims = {}, header = {}, key = issuer.keys[0]) {
      if (key === undefined) throw new Error('the issuer has no key')
      const now = Math.floor(Date.now() / 1000)
      const times = { iat: now, nbf: now, exp: now + 300, jti: crypto.randomUUID() }
      return new SignJWT({ ...jobClaims, iss: url, aud: audience, ...times, ...claims })
        .setProtectedHeader({ typ: 'JWT', alg: key.alg, kid: key.kid, ...header })
        .sign(key.privateKey)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return issuer
}

/** A part of a token. */
export function part(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return Buffer.from(text).toString('base64url')
}
