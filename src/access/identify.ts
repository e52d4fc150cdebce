import type { AccessRequest, Rejection } from '../ports/access.ts'
import { classifyCredentials } from './credentials.ts'
import type { Identified, Login, LoginResult } from './login.ts'
import type { LoginLimit } from './login-limit.ts'
import type { StampOf, TokenService } from './token-service.ts'
import { keepVerdicts } from './verdicts.ts'

/** What finds out who calls. */
export interface IdentifyOptions {
  /** Ways to find out who calls, asked in this order. */
  readonly logins: readonly Login[]
  readonly tokens?: TokenService
  readonly loginLimit?: LoginLimit
  /** How long credentials that are right are believed, in milliseconds. Default: 30 s. */
  readonly keepMs?: number
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

/** Finds out who calls. Verdicts on credentials are kept for a short time. */
export interface Identifier {
  /** By the `Authorization` of a request, or the request itself where it has none. */
  byHeader(request: AccessRequest): LoginResult | Promise<LoginResult>
  byPassword(
    user: string,
    password: string,
    request: AccessRequest,
  ): Promise<Identified | Rejection>
  byRequest(request: AccessRequest): Promise<LoginResult>
  readonly stampOf: StampOf
}

/** Asks logins and the token service who calls. */
export function identifier(options: IdentifyOptions): Identifier {
  const { logins, tokens, loginLimit } = options
  const unguessable = logins.filter(({ isUnguessable }) => isUnguessable === true)
  const guessable = logins.filter(({ isUnguessable }) => isUnguessable !== true)
  const readsRequests = logins.some((login) => login.request !== undefined)

  /** Asked for each request. */
  function generation(): number {
    let sum = 0
    for (const login of logins) sum += login.generation?.() ?? 0
    return sum
  }

  const verdicts = keepVerdicts({
    keepMs: options.keepMs ?? 30_000,
    keepWrongMs: 5_000,
    clock: options.clock ?? Date.now,
    generation,
  })

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

  const stampOf: StampOf = async (name, id, details) =>
    (await logins.find((each) => each.name === name)?.stampOf?.(id, details)) ?? null

  async function bearer(token: string, request: AccessRequest): Promise<LoginResult> {
    const own = (await tokens?.verify(token, stampOf)) ?? null
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

  function byHeader(request: AccessRequest): LoginResult | Promise<LoginResult> {
    const header = request.headers.get('authorization')
    if (header === null) return readsRequests ? byRequest(request) : null
    const kept = verdicts.find(header)
    if (kept !== undefined) return kept
    const credentials = classifyCredentials(header)
    switch (credentials.kind) {
      case 'none':
        return byRequest(request)
      case 'malformed':
        return { rejected: true, message: 'the Authorization header cannot be read' }
      case 'basic': {
        const { user, password: secret } = credentials
        const check = (): Promise<LoginResult> => password(user, secret, request)
        return verdicts.of(`${user}:${secret}`, check, header)
      }
      case 'bearer':
        return verdicts.of(credentials.token, () => bearer(credentials.token, request), header)
    }
  }

  return {
    byHeader,
    byRequest,
    stampOf,
    byPassword: async (user, secret, request) =>
      (await verdicts.of(`${user}:${secret}`, () => password(user, secret, request))) ?? {
        rejected: true,
      },
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
