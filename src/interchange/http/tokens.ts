import { ContentFault, LoginFault } from '../content.ts'
import type { Challenge } from './challenge.ts'
import { basicHeader, type RegistryCredentials, trustIn } from './credentials.ts'
import type { LoginProof } from './login-proof.ts'
import { isObject, problemIn, readJson } from './read-body.ts'

/** What tokens are asked for with. */
export interface TokenDeps {
  readonly registry: URL
  readonly credentials: RegistryCredentials | null
  /** Origins of token servers that may get the credentials, beside the registry's own. */
  readonly realms: readonly string[]
  /** Every request with the credentials goes through it. */
  readonly login: LoginProof
  /** Sends a request, again where the server asks for it or cannot be reached; follows no redirect. */
  readonly send: (url: URL, init: RequestInit) => Promise<Response>
}

interface Token {
  readonly header: string
  /** In milliseconds of the clock of `performance`. */
  readonly until: number
}

/** Tokens for the scopes of a registry, each asked for once while it lasts. */
export class Tokens {
  readonly #deps: TokenDeps
  readonly #tokens: Map<string, Promise<Token>> = new Map()

  constructor(deps: TokenDeps) {
    this.#deps = deps
  }

  /**
   * The header for these scopes.
   *
   * @param used the header that was refused: another is asked for then
   * @throws ContentFault `refused`
   */
  async header(challenge: Challenge, scopes: readonly string[], used?: string): Promise<string> {
    const key = scopes.join(' ')
    const known = await this.#tokens.get(key)?.catch(() => null)
    if (known && known.until > performance.now() && known.header !== used) return known.header
    const asked = this.#ask(challenge, scopes)
    this.#tokens.set(key, asked)
    return (await asked).header
  }

  async #ask({ parameters }: Challenge, scopes: readonly string[]): Promise<Token> {
    const { registry, credentials, realms, login, send } = this.#deps
    const text = parameters.get('realm') ?? ''
    const realm = URL.canParse(text, registry.href) ? new URL(text, registry.href) : null
    if (realm === null || !/^https?:$/.test(realm.protocol)) {
      throw new ContentFault('refused', 'the registry names no server that gives tokens')
    }
    const trust = trustIn(realm, registry, realms)
    if (trust === 'nothing') {
      throw new ContentFault(
        'refused',
        `the registry sends us to ${realm.origin} for a token, which is not asked: allow it as a realm`,
      )
    }
    const own = trust === 'credentials' ? credentials : null
    const service = parameters.get('service')
    const ask = (): Promise<Response> =>
      own?.kind === 'refresh'
        ? send(realm, refreshRequest(own.token, service, scopes))
        : send(withQuery(realm, own?.username, service, scopes), {
            headers: own === null ? {} : { authorization: basicHeader(own.username, own.password) },
          })
    const response = await (own === null
      ? ask()
      : login.send(ask, (no) => noToken(realm, no, '', true)))
    if (response.status !== 200) {
      const hint =
        credentials !== null && own === null
          ? `; the credentials were not sent there, since it is not the registry: allow it as a realm`
          : ''
      throw await noToken(realm, response, hint)
    }
    const said = await readJson(response, 256 * 1024)
    const token = isObject(said) ? (said.token ?? said.access_token) : null
    if (!isObject(said) || typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
      throw new ContentFault('refused', `${realm.origin} gives no token`)
    }
    const seconds = typeof said.expires_in === 'number' ? said.expires_in : 60
    const lastsMs = Math.max(seconds, 10) * 1000 * 0.8
    return { header: `Bearer ${token}`, until: performance.now() + lastsMs }
  }
}

async function noToken(
  realm: URL,
  response: Response,
  hint: string = '',
  isFinal: boolean = false,
): Promise<ContentFault> {
  const problem = await problemIn(response)
  const what = isFinal ? 'refuses the login' : 'gives no token'
  return new LoginFault(`${realm.origin} ${what}: ${problem}${hint}`, isFinal)
}

function withQuery(
  realm: URL,
  account: string | undefined,
  service: string | undefined,
  scopes: readonly string[],
): URL {
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  if (account !== undefined) url.searchParams.set('account', account)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  return url
}

function refreshRequest(
  token: string,
  service: string | undefined,
  scopes: readonly string[],
): RequestInit {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: token,
    client_id: 'layerdock',
    scope: scopes.join(' '),
    ...(service === undefined ? {} : { service }),
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { method: 'POST', headers, body: form.toString() }
}
