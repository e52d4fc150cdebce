import type { Access, AccessRequest, Ask, Principal, Rejection, Ruling } from '../ports/access.ts'
import { classifyCredentials } from './credentials.ts'
import { areGranted } from './grants.ts'
import type { Identified, Login, LoginResult, PrincipalDetails } from './login.ts'
import type { LoginLimit } from './login-limit.ts'
import type { Policy } from './policy.ts'
import { scopeOf, type TokenDeps, type TokenService } from './token-service.ts'
import { coversAsk } from './tokens/scopes.ts'
import { keepVerdicts } from './verdicts.ts'

/** What an access is made of. */
export interface AccessOptions {
  /** Ways to find out who calls, asked in this order. */
  readonly logins: readonly Login[]
  /** What callers may do. */
  readonly policy: Policy
  /** Short-lived tokens for clients that log in. Default: clients send their password with each request. */
  readonly tokens?: TokenService
  /** Refuses passwords after too many wrong ones: `limitLogins()`. Default: each is looked at. */
  readonly loginLimit?: LoginLimit
  /** The name in the challenge for passwords. Default: `Layerdock`. */
  readonly realm?: string
  /**
   * Where clients reach the registry, such as `https://registry.example.com`, which challenges send them to
   * for tokens. Default: the scheme and host of the request itself.
   */
  readonly publicUrl?: string
  /** What stands before `/v2` in the public path, as `prefix` of the registry. */
  readonly prefix?: string
  /** How long credentials that are right are believed, in milliseconds. Default: 30 s. */
  readonly keepMs?: number
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

/**
 * Makes an {@link Access} of logins and a policy.
 *
 * @example
 * const access = registryAccess({
 *   logins: [htpasswd(await readFile('users.htpasswd', 'utf8'))],
 *   policy: accessPolicy({ rules: [{ who: '*', repositories: '**', allow: ['pull', 'push'] }] }),
 * })
 * const registry = createRegistry({ access })
 */
export function registryAccess(options: AccessOptions): Access {
  const { logins, policy, tokens, loginLimit } = options
  const unguessable = logins.filter(({ isUnguessable }) => isUnguessable === true)
  const guessable = logins.filter(({ isUnguessable }) => isUnguessable !== true)
  const clock = options.clock ?? Date.now
  const verdicts = keepVerdicts({
    keepMs: options.keepMs ?? 30_000,
    keepWrongMs: 5_000,
    clock,
    generation: () => logins.reduce((sum, login) => sum + (login.generation?.() ?? 0), 0),
  })
  /**
   * Clients learn from the version check how to log in, so it asks them to wherever they can get tokens, anonymous
   * ones included. Without tokens, a client that has no password could not go on from there.
   */
  const isPingOpen = tokens === undefined && policy.isPublic
  /** Anonymous callers that hold a token of ours. */
  const holders: WeakSet<AccessRequest> = new WeakSet()
  /** What is wrong with a bearer token (RFC 6750, 3.1): without it, containerd sends the same one again. */
  const tokenErrors: WeakMap<AccessRequest, 'invalid_token' | 'insufficient_scope'> = new WeakMap()
  /** Requests for the catalog, by callers whose token is for the catalog. */
  const catalogs: WeakSet<AccessRequest> = new WeakSet()

  async function password(
    user: string,
    secret: string,
    request: AccessRequest,
  ): Promise<Identified | Rejection> {
    const ask = (login: Login): Answer => login.password?.(user, secret, request)
    const known = await firstOf(unguessable, ask)
    if (known !== null && !('rejected' in known)) return known
    const check = async (): Promise<Identified | Rejection> => {
      const result = await firstOf(guessable, ask)
      if (result !== null && !('rejected' in result)) return result
      return firstReason(known, result) ?? { rejected: true }
    }
    return loginLimit === undefined ? check() : loginLimit.run(user, request, check)
  }

  async function bearer(token: string, request: AccessRequest): Promise<LoginResult> {
    const own = (await tokens?.verify(token)) ?? null
    if (own !== null) return own
    const result = await firstOf(logins, (login) => login.bearer?.(token, request))
    if (result !== null && !('rejected' in result)) return result
    return firstReason(result, { rejected: true, message: 'the token is not valid' })
  }

  async function byRequest(request: AccessRequest): Promise<LoginResult> {
    for (const login of logins) {
      const result = (await login.request?.(request)) ?? null
      if (result !== null) return result
    }
    return null
  }

  function found(request: AccessRequest): LoginResult | Promise<LoginResult> {
    const header = request.headers.get('authorization')
    const credentials = classifyCredentials(header)
    switch (credentials.kind) {
      case 'none':
        return byRequest(request)
      case 'malformed':
        return { rejected: true, message: 'the Authorization header cannot be read' }
      case 'basic': {
        const { user, password: secret } = credentials
        return verdicts.of(`${user}:${secret}`, () => password(user, secret, request))
      }
      case 'bearer':
        return verdicts.of(credentials.token, () => bearer(credentials.token, request))
    }
  }

  /** What policy and grants say, whatever token of ours is used. */
  function allowed(principal: Principal | null, ask: Ask): Ruling {
    const { grants } = detailsOf(principal)
    if (grants !== undefined && !areGranted(grants, ask)) return notGranted
    return policy.decide(principal, ask)
  }

  /**
   * A token that does not cover what the policy allows is a 401, so that the client gets another. Where the
   * policy refuses, another token would not help, and the answer is final.
   */
  function decide(principal: Principal | null, ask: Ask, request: AccessRequest): Ruling {
    if (ask.action === 'ping') {
      return principal !== null || holders.has(request) || isPingOpen ? open : login
    }
    const ruling = allowed(principal, ask)
    if (ruling.decision !== 'allow') return ruling
    const { access } = detailsOf(principal)
    if (access === undefined || coversAsk(access, ask)) {
      if (ask.action === 'catalog') catalogs.add(request)
      return ruling
    }
    // Whoever may list the catalog is asked about each of its names, which the token does not name.
    if (ask.action === 'pull' && catalogs.has(request)) return ruling
    tokenErrors.set(request, 'insufficient_scope')
    return notCovered
  }

  /** Whether a token may be made for an ask, which names no tag. What it is used for is asked anew. */
  function isGrantable(principal: Principal | null, ask: Ask): boolean {
    const { grants } = detailsOf(principal)
    if (grants !== undefined && !areGranted(grants, ask)) return false
    return policy.isPossible?.(principal, ask) ?? policy.decide(principal, ask).decision === 'allow'
  }

  const passwords: TokenDeps['password'] = async (user, secret, request) =>
    (await verdicts.of(`${user}:${secret}`, () => password(user, secret, request))) ?? {
      rejected: true,
    }

  return {
    async authenticate(request) {
      const result = await found(request)
      if (result === null) return null
      if ('rejected' in result) {
        if (isBearer(request)) tokenErrors.set(request, 'invalid_token')
        return result
      }
      if (result.principal === null) holders.add(request)
      return result.principal
    },

    async authorize(principal, asks, request) {
      return asks.map((ask) => decide(principal, ask, request))
    },

    challenge(asks, request) {
      if (tokens === undefined) return `Basic realm="${options.realm ?? 'Layerdock'}"`
      const origin = options.publicUrl ?? originOf(request)
      const realm = `${origin.replace(/\/$/, '')}${options.prefix ?? ''}/v2/_layerdock/token`
      const scope = scopeOf(asks)
      const wanted = scope === '' ? '' : `,scope="${scope}"`
      const wrong = tokenErrors.get(request)
      const error = wrong === undefined ? '' : `,error="${wrong}"`
      return `Bearer realm="${realm}",service="${tokens.service}"${wanted}${error}`
    },

    async catalog(principal) {
      return detailsOf(principal).grants === undefined ? policy.catalog(principal) : undefined
    },

    ...(tokens === undefined
      ? {}
      : {
          token: (request: Request, call: AccessRequest) =>
            tokens.answer(request, call, {
              password: passwords,
              stampOf: async (name, id, details) =>
                (await logins.find((each) => each.name === name)?.stampOf?.(id, details)) ?? null,
              request: byRequest,
              allows: isGrantable,
            }),
        }),
  }
}

type Answer = Promise<LoginResult> | undefined

/** Who the first login that knows the credentials says it is; otherwise why not. */
async function firstOf(
  logins: readonly Login[],
  ask: (login: Login) => Answer,
): Promise<LoginResult> {
  let rejection: Rejection | null = null
  for (const login of logins) {
    const result = (await ask(login)) ?? null
    if (result === null) continue
    if (!('rejected' in result)) return result
    rejection = firstReason(rejection, result)
  }
  return rejection
}

/** The first rejection with a reason: a login behind it knows less of these credentials. */
function firstReason(first: Rejection | null, second: Rejection | null): Rejection | null {
  return first?.message === undefined ? (second ?? first) : first
}

function detailsOf(principal: Principal | null): Partial<PrincipalDetails> {
  return (principal?.details ?? {}) as Partial<PrincipalDetails>
}

/** Where the request came from, as its client wrote it: a proxy that speaks TLS may pass it on without. */
function originOf({ url, peer }: AccessRequest): string {
  const { origin, host } = new URL(url)
  return peer.secure === true ? `https://${host}` : origin
}

function isBearer(request: AccessRequest): boolean {
  return /^bearer /i.test(request.headers.get('authorization') ?? '')
}

const open: Ruling = { decision: 'allow' }
const login: Ruling = { decision: 'login' }
const notCovered: Ruling = {
  decision: 'login',
  rule: 'scope of the token',
  message: 'the token is not for this; get another',
}
const notGranted: Ruling = {
  decision: 'deny',
  rule: 'grants of the token',
  message: 'the token was not made for this',
}
