import type { AccessRequest, Ask, Principal, Rejection, TokenAnswer } from '../ports/access.ts'
import type { Identified, LoginResult, PrincipalDetails } from './login.ts'

/** Who a token was made for, as its login knows it now; null for nobody any more. */
export type StampOf = (
  login: string,
  id: string,
  details: PrincipalDetails,
) => Promise<Identified | null>

/** What a token service asks of the access it belongs to. */
export interface TokenDeps {
  /** Finds out who Basic credentials belong to; null for none of the logins. */
  readonly password: (
    user: string,
    password: string,
    request: AccessRequest,
  ) => Promise<Identified | Rejection>
  readonly stampOf: StampOf
  /** Finds out who a request comes from whose credentials are not in its header or body. */
  readonly request: (request: AccessRequest) => Promise<LoginResult>
  /** Whether policy and grants allow an ask now. */
  readonly allows: (principal: Principal | null, ask: Ask) => boolean
}

/** Short-lived tokens: the token endpoint, and the tokens it gives. */
export interface TokenService {
  /** The name of the registry in challenges and tokens. */
  readonly service: string
  /** Answers the token endpoint. */
  answer(request: Request, call: AccessRequest, deps: TokenDeps): Promise<TokenAnswer>
  /** Who a token of ours is for; null where it is not one of ours. */
  verify(token: string, stampOf: StampOf): Promise<LoginResult>
}

/** The scope of asks as challenges have it: `repository:team/app:pull,push`; several with spaces between. */
export function scopeOf(asks: readonly Ask[]): string {
  const actions: Map<string, Set<string>> = new Map()
  const want = (resource: string, action: string): void => {
    const known = actions.get(resource)
    if (known === undefined) actions.set(resource, new Set([action]))
    else known.add(action)
  }
  for (const { action, repository, mountFrom } of asks) {
    if (action === 'catalog') want('registry:catalog', '*')
    else if (action === 'admin' && repository === null) want('registry:admin', '*')
    else if (repository === null) continue
    else for (const each of implied(action)) want(`repository:${repository}`, each)
    if (mountFrom !== undefined) want(`repository:${mountFrom}`, 'pull')
  }
  return [...actions].map(([resource, set]) => `${resource}:${[...set].join(',')}`).join(' ')
}

/** Who pushes also asks what is there, so a token for a push alone would have to be fetched twice. */
function implied(action: string): readonly string[] {
  return action === 'push' ? ['pull', 'push'] : [action]
}
