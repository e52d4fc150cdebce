import type { Access, AccessRequest, Ask, Principal, Rejection, Ruling } from '../ports/access.ts'
import { areGranted } from './grants.ts'
import { identifier } from './identify.ts'
import type { Login, LoginResult, PrincipalDetails } from './login.ts'
import type { LoginLimit } from './login-limit.ts'
import type { Policy } from './policy.ts'
import { scopeOf, type TokenService } from './token-service.ts'
import { coversAsk } from './tokens/scopes.ts'

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
  const { policy, tokens } = options
  const identify = identifier(options)
  /**
   * Clients learn from the version check how to log in, so it asks them to wherever they can get tokens, anonymous
   * ones included. Without tokens, a client that has no password could not go on from there.
   */
  const isPingOpen = (): boolean => tokens === undefined && policy.isPublic
  /** Anonymous callers that hold a token of ours. */
  const holders: WeakSet<AccessRequest> = new WeakSet()
  /** What is wrong with a bearer token (RFC 6750, 3.1): without it, containerd sends the same one again. */
  const tokenErrors: WeakMap<AccessRequest, 'invalid_token' | 'insufficient_scope'> = new WeakMap()
  /** Requests for the catalog, by callers whose token is for the catalog. */
  const catalogs: WeakSet<AccessRequest> = new WeakSet()

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
      return principal !== null || holders.has(request) || isPingOpen() ? open : login
    }
    const ruling = allowed(principal, ask)
    if (ruling.decision !== 'allow') return ruling
    const { access } = detailsOf(principal)
    if (access === undefined || coversAsk(access, ask)) {
      if (ask.action !== 'catalog') return ruling
      // Clients send what they have only when they are asked, and the catalog has more for those with a name.
      const isAsked = request.isPage === true || holders.has(request)
      if (principal === null && tokens !== undefined && !isAsked) return login
      catalogs.add(request)
      return ruling
    }
    // Whoever may list the catalog is asked about each of its names, which the token does not name.
    if (ask.action === 'pull' && catalogs.has(request)) return ruling
    tokenErrors.set(request, 'insufficient_scope')
    return notCovered
  }

  function callerOf(result: LoginResult, request: AccessRequest): Principal | null | Rejection {
    if (result === null) return null
    if ('rejected' in result) {
      if (isBearer(request)) tokenErrors.set(request, 'invalid_token')
      return result
    }
    if (result.principal === null) holders.add(request)
    return result.principal
  }

  /** Whether a token may be made for an ask, which names no tag. What it is used for is asked again. */
  function isGrantable(principal: Principal | null, ask: Ask): boolean {
    const { grants } = detailsOf(principal)
    if (grants !== undefined && !areGranted(grants, ask)) return false
    return policy.isPossible?.(principal, ask) ?? policy.decide(principal, ask).decision === 'allow'
  }

  return {
    authenticate(request) {
      const result = identify.byHeader(request)
      if (!(result instanceof Promise)) return callerOf(result, request)
      return result.then((found) => callerOf(found, request))
    },

    authorize(principal, asks, request) {
      const [first] = asks
      // Almost every request asks for one thing.
      if (first !== undefined && asks.length === 1) return [decide(principal, first, request)]
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
              password: identify.byPassword,
              stampOf: identify.stampOf,
              request: identify.byRequest,
              allows: isGrantable,
            }),
        }),
  }
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
