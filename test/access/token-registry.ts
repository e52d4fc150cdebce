import {
  type Identified,
  type Login,
  type Policy,
  registryAccess,
  type SigningKeys,
  signingKeys,
  type TokenServiceOptions,
  tokenService,
} from '../../src/access/index.ts'
import {
  type Ask,
  createRegistry,
  type Principal,
  type Registry,
  type RequestObserver,
} from '../../src/index.ts'

/** The name of the registry under test. */
export const service = 'registry.test'
export const base = `http://${service}`
export const endpoint: string = `${base}/v2/_layerdock/token`

/** Users in memory, with a stamp that is their password. */
export function usersLogin(users: Map<string, string>, more: Partial<Identified> = {}): Login {
  const identified = (id: string, password: string): Identified => ({
    principal: { id, details: { login: 'users' } },
    stamp: password,
    ...more,
  })
  return {
    name: 'users',
    async password(user, password) {
      const right = users.get(user)
      if (right === undefined) return null
      return right === password ? identified(user, right) : { rejected: true }
    },
    async stampOf(id) {
      const right = users.get(id)
      return right === undefined ? null : identified(id, right)
    },
  }
}

/** A policy of one function, which says what is allowed. */
export function policyOf(allows: (who: string | null, ask: Ask) => boolean): Policy {
  return {
    isPublic: allows(null, { action: 'pull', repository: null, reference: null }),
    decide(principal: Principal | null, ask: Ask) {
      if (allows(principal?.id ?? null, ask)) return { decision: 'allow', rule: 'test' }
      return { decision: principal === null ? 'login' : 'deny', rule: 'test' }
    },
    catalog: () => undefined,
  }
}

/** What the registry under test is made of. */
export interface Setting {
  readonly users?: Map<string, string>
  readonly logins?: readonly Login[]
  readonly allows?: (who: string | null, ask: Ask) => boolean
  readonly keys?: SigningKeys
  readonly clock?: () => number
  /** For how long credentials that are right are believed; not at all where it is missing. */
  readonly keepMs?: number
  readonly tokens?: Partial<TokenServiceOptions>
  readonly observe?: RequestObserver
}

/** Ann may do everything below `team/`, Bob may pull there, and everybody may pull below `public/`. */
export function teamPolicy(who: string | null, { action, repository }: Ask): boolean {
  if (action === 'catalog') return who === 'ann'
  if (repository?.startsWith('public/') === true && action === 'pull') return true
  if (repository?.startsWith('team/') !== true) return false
  return who === 'ann' || (who === 'bob' && action === 'pull')
}

/** A registry with a token endpoint. */
export function tokenRegistry(setting: Setting = {}): Registry {
  const users =
    setting.users ??
    new Map([
      ['ann', 'secret'],
      ['bob', 'word'],
    ])
  const clock = setting.clock ?? Date.now
  return createRegistry({
    ...(setting.observe === undefined ? {} : { observe: setting.observe }),
    access: registryAccess({
      logins: setting.logins ?? [usersLogin(users)],
      policy: policyOf(setting.allows ?? teamPolicy),
      tokens: tokenService({
        service,
        clock,
        keys: setting.keys ?? signingKeys({ clock }),
        ...setting.tokens,
      }),
      clock,
      keepMs: setting.keepMs ?? 0,
    }),
  })
}

/** The `Authorization` of a user. */
export function basic(user: string, password: string): Record<string, string> {
  return { Authorization: `Basic ${btoa(`${user}:${password}`)}` }
}

/** An answer of the token endpoint. */
export interface TokenBody {
  readonly token: string
  readonly access_token: string
  readonly expires_in: number
  readonly issued_at: string
  readonly scope: string
  readonly refresh_token?: string
  readonly error?: string
  readonly error_description?: string
}

/** Asks with GET, as distribution's "token" document says. */
export async function getToken(
  registry: Registry,
  query: string,
  headers: Record<string, string> = {},
): Promise<TokenBody> {
  const answer = await registry.fetch(new Request(`${endpoint}?${query}`, { headers }))
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
  return (await answer.json()) as TokenBody
}

/** Posts a form, as distribution's "oauth2" document says. */
export async function postForm(
  registry: Registry,
  form: Record<string, string>,
): Promise<Response> {
  return registry.fetch(new Request(endpoint, { method: 'POST', body: new URLSearchParams(form) }))
}

/** A request to the registry with a bearer token. */
export async function withToken(
  registry: Registry,
  token: string,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  return registry.fetch(
    new Request(`${base}${path}`, { ...init, headers: { Authorization: `Bearer ${token}` } }),
  )
}

/** The claims of a token, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  const text = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
  return JSON.parse(atob(text)) as Record<string, unknown>
}
