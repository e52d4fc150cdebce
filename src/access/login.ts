import type { AccessRequest, Action, Principal, Rejection } from '../ports/access.ts'
import type { AccessEntry } from './tokens/scopes.ts'

/** The most that credentials may do, whatever the policy allows besides. */
export interface Grant {
  /** A repository, or a pattern as in a policy, such as `team/**`. */
  readonly repositories: string
  readonly actions: readonly Action[]
}

/** What logins say of a principal, in its `details`. Policies read it; a program may too. */
export interface PrincipalDetails extends Readonly<Record<string, unknown>> {
  /** The login that found the principal: `htpasswd`, `token`, the name of an issuer. */
  readonly login: string
  readonly groups?: readonly string[]
  /** The name, in the policy, of the issuer whose claims these are. */
  readonly issuer?: string
  /** Claims of a token, by their names. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Absent: whatever the policy allows. */
  readonly grants?: readonly Grant[]
  /** What a token of the token endpoint was made for. The client can get another for what it does not cover. */
  readonly access?: readonly AccessEntry[]
}

/** Who credentials belong to. */
export interface Identified {
  /** Null for an anonymous caller who holds a token. */
  readonly principal: Principal | null
  /** When this stops being true, in milliseconds since the epoch. */
  readonly expiresAt?: number
  /**
   * Text that changes with what the credentials depend on, such as a password. A refresh token holds its hash
   * and is refused once it is another. Without one, no refresh token is given.
   */
  readonly stamp?: string
  /**
   * For credentials that soon end, such as the OIDC token of a CI job: how long, in milliseconds, a client may go
   * on with tokens of ours that it got for them. Default: as long as the tokens of the token service live.
   */
  readonly sessionMs?: number
}

/** What came of credentials; null where the login does not know them at all. */
export type LoginResult = Identified | Rejection | null

/**
 * One way to find out who calls. Each has one or more of the methods, which are asked in the order of the
 * logins until one says who it is. A method that throws refuses the request: a RegistryError as it says.
 */
export interface Login {
  /** Names it in audit lines. */
  readonly name: string
  /**
   * Whether its passwords are too long to guess, and cheap to check: then it is asked first, and outside of the limit
   * on wrong passwords, which the jobs of a CI system would share by their user name.
   */
  readonly isUnguessable?: boolean
  /** Basic credentials, and those of the token endpoint. */
  password?(user: string, password: string, request: AccessRequest): Promise<LoginResult>
  /** A bearer token. */
  bearer?(token: string, request: AccessRequest): Promise<LoginResult>
  /** Anything else of the request: a session of the host application, a client's certificate. */
  request?(request: AccessRequest): Promise<LoginResult>
  /**
   * A principal as it is now, with its stamp; null where there is no such principal any more. For refresh tokens.
   *
   * @param details what the login said of it when the refresh token was made
   */
  stampOf?(id: string, details?: PrincipalDetails): Promise<Identified | null>
  /** Changes when what the login knows has changed: earlier verdicts are asked for again then. */
  generation?(): number
}
