import { type Pause, timerPause } from '../../copy/patience.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { ContentFault, LoginFault } from '../content.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import { basicHeader, type RegistryCredentials } from './credentials.ts'
import { LoginProof } from './login-proof.ts'
import { Tokens } from './tokens.ts'

/** How a registry is reached over HTTP. */
export interface RegistryClientOptions {
  /** Its origin; the path is not looked at. */
  readonly url: URL
  /** Sent to this origin, and to token servers of it. Default: none. */
  readonly credentials?: RegistryCredentials | null
  /** Origins of other token servers that may get the credentials, such as `https://auth.example.com`. */
  readonly realms?: readonly string[]
  readonly signal?: AbortSignal
  /** Default: that of the runtime. */
  readonly fetch?: (url: URL, init: RequestInit) => Promise<Response>
  /** Waits before a request is sent again. Default: a timer. */
  readonly pause?: Pause
}

/** A request to a registry. */
export interface RegistryRequest {
  /** Default: GET. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** What a token has to be good for, such as `repository:team/app:pull`. */
  readonly scopes: readonly string[]
}

/** Attempts of one request, the first one counted. */
const mostAttempts = 6
/** Attempts of one that the server fails at. */
const mostOfBroken = 3
/** Between the first attempts, in milliseconds: doubled with each. */
const firstPauseMs = 500
/** The longest wait that a server may ask for, in milliseconds. */
const mostWaitMs = 5 * 60_000
/** How long an answer may take to begin, in milliseconds, and how much more for each byte that is sent. */
const answerMs = 60_000
const msPerByte = 0.1

const mostRedirects = 5

/** Sends requests to one registry: with its logins, at its pace, and again where it cannot be reached. */
export class RegistryClient {
  readonly origin: string
  readonly #options: RegistryClientOptions
  readonly #fetch: (url: URL, init: RequestInit) => Promise<Response>
  /** Waits for so many milliseconds, as the options say. */
  readonly pause: Pause
  readonly #tokens: Tokens
  readonly #login: LoginProof = new LoginProof()
  /** What the registry asked for the last time. */
  #challenge: Challenge | null = null
  /** Until when the registry wants no request, by the clock of `performance`. */
  #quietUntil = 0

  constructor(options: RegistryClientOptions) {
    this.#options = options
    this.origin = options.url.origin
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init))
    this.pause = options.pause ?? timerPause(options.signal)
    this.#tokens = new Tokens({
      registry: new URL(this.origin),
      credentials: options.credentials ?? null,
      realms: options.realms ?? [],
      login: this.#login,
      send: (url, init) => this.#persist(url, init),
    })
  }

  /** A URL of the registry; null for one of another. A wrong scheme is that of a proxy, and put right. */
  resolve(text: string, base: URL): URL | null {
    if (!URL.canParse(text, base.href)) return null
    const url = new URL(text, base.href)
    if (url.origin === this.origin) return url
    const own = new URL(this.origin)
    if (url.hostname !== own.hostname || !/^https?:$/.test(url.protocol)) return null
    const isSamePort = url.port === own.port || url.port === ''
    return isSamePort ? new URL(`${url.pathname}${url.search}`, own) : null
  }

  url(path: string): URL {
    return new URL(`${this.origin}/v2/${path}`)
  }

  /**
   * Sends a request and returns the answer, whatever it is but for a login, a redirect, and what passes by itself.
   *
   * @throws ContentFault `refused` where the login is refused; RegistryError `unavailable`.
   */
  async send(url: URL, request: RegistryRequest): Promise<Response> {
    let header = await this.#header(request.scopes)
    let response = await this.#sendWith(header, url, request)
    if (response.status !== 401) return response
    const used = header
    const challenges = parseChallenges(response.headers.get('www-authenticate'))
    const challenge = challenges.find(({ scheme }) => scheme === 'bearer') ?? challenges[0]
    if (challenge === undefined) return response
    await response.body?.cancel()
    this.#challenge = challenge
    header = await this.#header(request.scopes, used)
    if (header === null || (header === used && challenge.scheme === 'basic')) {
      const why = header === null ? `${url.host} asks for a login` : `${url.host} refuses the login`
      throw new LoginFault(why)
    }
    response = await this.#sendWith(header, url, request)
    if (response.status !== 401) return response
    await response.body?.cancel()
    const isAnonymous = (this.#options.credentials ?? null) === null
    const why = isAnonymous
      ? `${url.host} asks for a login`
      : `${url.host} does not allow the login this`
    throw new LoginFault(why)
  }

  async #header(scopes: readonly string[], used: string | null = null): Promise<string | null> {
    const challenge = this.#challenge
    if (challenge === null) return null
    if (challenge.scheme === 'bearer') {
      return await this.#tokens.header(challenge, scopes, used ?? undefined)
    }
    const { credentials } = this.#options
    if (credentials?.kind !== 'password') return null
    return basicHeader(credentials.username, credentials.password)
  }

  /** Sends a request with a header for it; a password in it is proven first. */
  async #sendWith(header: string | null, url: URL, request: RegistryRequest): Promise<Response> {
    const follow = (): Promise<Response> => this.#follow(url, request, header)
    if (header?.startsWith('Basic ') !== true) return await follow()
    return await this.#login.send(follow, async ({ body }) => {
      await body?.cancel()
      return new LoginFault(`${url.host} refuses the login`, true)
    })
  }

  async #follow(url: URL, request: RegistryRequest, header: string | null): Promise<Response> {
    const { method = 'GET', headers = {}, body } = request
    let at = url
    for (let count = 0; ; count += 1) {
      const own = at.origin === this.origin && header !== null ? { authorization: header } : {}
      const response = await this.#persist(at, {
        method,
        headers: { ...headers, ...own },
        ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
      })
      const location = response.headers.get('location')
      const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && location !== null
      if (!isRedirect) return response
      await response.body?.cancel()
      const next = URL.canParse(location, at.href) ? new URL(location, at.href) : null
      const isRead = method === 'GET' || method === 'HEAD'
      const isWorse = at.protocol === 'https:' && next?.protocol !== 'https:'
      const isElsewhere = !isRead && next?.origin !== this.origin
      if (next === null || !/^https?:$/.test(next.protocol) || isWorse || isElsewhere) {
        throw new ContentFault('refused', `it redirects to ${location.slice(0, 200)}`)
      }
      if (count === mostRedirects) throw new ContentFault('refused', 'it redirects again and again')
      at = next
    }
  }

  /** Sends a request until there is an answer that does not pass by itself. */
  async #persist(url: URL, init: RequestInit): Promise<Response> {
    let pauseMs = firstPauseMs
    for (let attempt = 1; ; attempt += 1) {
      const early = this.#quietUntil - performance.now()
      if (early > 0) await this.pause(early)
      let problem: unknown
      try {
        const response = await this.#once(url, init)
        // One thing may be broken in a registry that is well: that is its answer.
        const isBroken = response.status === 500 && attempt === mostOfBroken
        if (isBroken || !passes(response.status)) return response
        await response.body?.cancel()
        problem = new Error(`${url.host} answers ${response.status}`)
        const asked = retryAfterMs(response.headers.get('retry-after'))
        if (asked !== null) {
          this.#quietUntil = performance.now() + Math.min(asked, mostWaitMs)
          pauseMs = 0
        }
      } catch (error) {
        this.#options.signal?.throwIfAborted()
        problem = error
      }
      if (attempt === mostAttempts) throw new RegistryError('unavailable', { cause: told(problem) })
      // Not all at the same moment.
      await this.pause(pauseMs * (0.5 + Math.random()))
      pauseMs = Math.max(pauseMs, firstPauseMs) * 2
    }
  }

  async #once(url: URL, init: RequestInit): Promise<Response> {
    const { signal } = this.#options
    const ended = new AbortController()
    const length = init.body instanceof Uint8Array ? init.body.byteLength : 0
    const wait = answerMs + length * msPerByte
    const timer = setTimeout(() => ended.abort(new Error(`${url.host} does not answer`)), wait)
    try {
      const headers = { 'user-agent': 'layerdock', 'accept-encoding': 'identity', ...init.headers }
      const signals = signal === undefined ? ended.signal : AbortSignal.any([ended.signal, signal])
      return await this.#fetch(url, { ...init, headers, redirect: 'manual', signal: signals })
    } finally {
      clearTimeout(timer)
    }
  }
}

function passes(status: number): boolean {
  return status === 429 || [500, 502, 503, 504].includes(status)
}

/** Seconds, or a date (RFC 9110, 10.2.3), in milliseconds from now. */
export function retryAfterMs(header: string | null): number | null {
  if (header === null) return null
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now())
}

/** `fetch failed` by itself says nothing. */
function told(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error ? cause : error
}
