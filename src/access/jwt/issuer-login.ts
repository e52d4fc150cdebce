import { parseRepositoryName } from '../../oci/repository-name.ts'
import type { Action, Rejection } from '../../ports/access.ts'
import type { Grant, Identified, Login, LoginResult, PrincipalDetails } from '../login.ts'
import { claimNamed } from '../policy/who.ts'
import { type IssuerKeys, localKeys, remoteKeys, secretKey } from './issuer-keys.ts'
import { readToken } from './read-token.ts'
import { checkIssuer, type TrustedIssuer } from './trusted-issuer.ts'
import { shown, verifyToken } from './verify-token.ts'

/** A login by tokens of issuers. */
export interface IssuerLogin extends Login {
  /**
   * Fetches the keys of each issuer, so that a server says at its start what would not work.
   *
   * @returns one line for each issuer whose keys cannot be had, with what to do
   */
  check(): Promise<readonly string[]>
}

/** What logins by tokens take beside issuers. */
export interface IssuerLoginOptions {
  /** Fetches keys: for a proxy, or a certificate authority of one's own. Default: the global `fetch`. */
  readonly fetch?: typeof fetch
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
  /** Told why keys could not be fetched: an issuer and a reason. */
  readonly onProblem?: (message: string) => void
}

/**
 * A login by bearer tokens (JWTs) of one issuer.
 *
 * @throws TypeError for an issuer that cannot be as it is.
 * @example
 * const login = jwtBearer({
 *   name: 'idp',
 *   issuer: 'https://idp.example.com',
 *   audiences: ['registry.example.com'],
 *   groups: 'groups',
 * })
 */
export function jwtBearer(issuer: TrustedIssuer & IssuerLoginOptions): IssuerLogin {
  return issuerLogin(issuer.name, [{ exchange: false, ...issuer }], issuer, false)
}

/**
 * A login by tokens of several issuers, which a client may give as the password, with any user name: what a CI
 * job has instead of a secret.
 *
 * @throws TypeError for an issuer that cannot be as it is.
 * @example
 * const login = oidcLogin([
 *   {
 *     name: 'github',
 *     issuer: 'https://token.actions.githubusercontent.com',
 *     audiences: ['registry.example.com'],
 *   },
 * ])
 */
export function oidcLogin(
  issuers: readonly TrustedIssuer[],
  options: IssuerLoginOptions = {},
): IssuerLogin {
  return issuerLogin('oidc', issuers, options, true)
}

interface Known {
  readonly issuer: TrustedIssuer
  readonly keys: IssuerKeys
}

function issuerLogin(
  name: string,
  issuers: readonly TrustedIssuer[],
  options: IssuerLoginOptions,
  tellsUntrusted: boolean,
): IssuerLogin {
  const clock = options.clock ?? Date.now
  const byIssuer: Map<string, Known> = new Map()
  for (const issuer of issuers) {
    checkIssuer(issuer)
    if (byIssuer.has(issuer.issuer)) {
      throw new TypeError(`issuer ${issuer.name}: another one is called ${issuer.issuer} too`)
    }
    byIssuer.set(issuer.issuer, { issuer, keys: keysOf(issuer, options, clock) })
  }

  /** Null for a text that is not a JWT, so that other logins look at it. */
  async function identify(token: string, isPassword: boolean): Promise<LoginResult> {
    const unverified = readToken(token)
    if (unverified === null) return null
    const { iss } = unverified.payload
    const known = typeof iss === 'string' ? byIssuer.get(iss) : undefined
    if (known === undefined) return tellsUntrusted ? untrusted(iss) : null
    const { issuer, keys } = known
    if (isPassword && issuer.exchange === false) {
      return rejected(`a token of ${issuer.name} is a bearer token, not a password`)
    }
    const verified = await verifyToken(token, unverified, issuer, keys, clock())
    if ('wrong' in verified) return rejected(verified.wrong)
    return identified(name, issuer, verified.claims, verified.expiresAt)
  }

  return {
    name,
    isUnguessable: true,
    bearer: (token) => identify(token, false),
    password: (_, password) => identify(password, true),

    async stampOf(id, details) {
      const known = issuers.find((each) => each.name === details?.issuer)
      if (known === undefined || details === undefined) return null
      if (known.isAccepted?.(details.claims ?? {}) === false) return null
      return { principal: { id, details }, ...sessionOf(known) }
    },

    async check() {
      const lines = await Promise.all([...byIssuer.values()].map(checked))
      return lines.filter((line) => line !== null)
    },
  }
}

async function checked({ issuer, keys }: Known): Promise<string | null> {
  try {
    await keys.check()
    return null
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return `issuer ${issuer.name}: ${reason}; check its address, and that this machine may connect to it. Its tokens are refused until then, and the next one tries again`
  }
}

function keysOf(
  issuer: TrustedIssuer,
  options: IssuerLoginOptions,
  clock: () => number,
): IssuerKeys {
  const { keys } = issuer
  if (keys !== undefined && 'jwks' in keys) return localKeys(keys.jwks)
  if (keys !== undefined && 'secret' in keys) return secretKey(keys.secret)
  return remoteKeys({
    name: issuer.name,
    ...(keys === undefined ? {} : { url: keys.url }),
    issuer: issuer.issuer,
    fetch: options.fetch ?? fetch,
    clock,
    onProblem: options.onProblem ?? (() => {}),
  })
}

function identified(
  login: string,
  issuer: TrustedIssuer,
  claims: Readonly<Record<string, unknown>>,
  expiresAt: number,
): Identified | Rejection {
  if (issuer.isAccepted?.(claims) === false) {
    return rejected(`the claims of the token are not those that ${issuer.name} has to have here`)
  }
  const user = claimNamed(claims, issuer.user ?? 'sub')
  if (typeof user !== 'string' || !/^[^\p{Cc}]{1,255}$/u.test(user)) {
    return rejected(`the token does not name its caller: ${issuer.user ?? 'sub'}`)
  }
  const groups = issuer.groups === undefined ? undefined : groupsIn(claims, issuer.groups)
  const details: PrincipalDetails = {
    login,
    issuer: issuer.name,
    claims,
    ...(groups === undefined ? {} : { groups }),
    ...(issuer.dockerAccess === true ? { grants: grantsIn(claims) } : {}),
  }
  return { principal: { id: `${issuer.name}:${user}`, details }, expiresAt, ...sessionOf(issuer) }
}

/** A refresh token ends when its issuer is trusted no more, or for another audience. */
function sessionOf({ issuer, audiences, sessionMs }: TrustedIssuer): {
  readonly stamp: string
  readonly sessionMs: number
} {
  return { stamp: JSON.stringify([issuer, ...audiences]), sessionMs: sessionMs ?? 900_000 }
}

function groupsIn(claims: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const value = claimNamed(claims, name)
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  return list.filter((each) => typeof each === 'string')
}

const dockerActions: readonly Action[] = ['pull', 'push', 'delete']

/** What Docker's `access` claim grants. What cannot be read in it grants nothing. */
function grantsIn(claims: Readonly<Record<string, unknown>>): readonly Grant[] {
  const access = claimNamed(claims, 'access')
  if (!Array.isArray(access)) return []
  return access.flatMap((entry: unknown): Grant[] => {
    if (typeof entry !== 'object' || entry === null) return []
    const { type, name, actions } = entry as Record<string, unknown>
    if (typeof type !== 'string' || typeof name !== 'string' || !Array.isArray(actions)) return []
    if (type === 'registry' && name === 'catalog' && actions.includes('*')) {
      return [{ repositories: 'registry:catalog', actions: ['catalog'] }]
    }
    // A pattern is no name, so the claim cannot grant more than it spells out.
    if (!/^repository(?:\([a-z0-9]+\))?$/.test(type) || parseRepositoryName(name) === null)
      return []
    const granted = dockerActions.filter((each) => actions.includes(each) || actions.includes('*'))
    return [{ repositories: name, actions: granted }]
  })
}

function untrusted(issuer: unknown): Rejection {
  return rejected(`this registry does not trust the issuer of the token, ${shown(issuer)}`)
}

function rejected(message: string): Rejection {
  return { rejected: true, message }
}
