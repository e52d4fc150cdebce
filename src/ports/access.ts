import type { RepositoryName } from '../oci/repository-name.ts'

/** What a request wants: `ping` is the version check, `catalog` the list of repositories. */
export type Action = 'ping' | 'pull' | 'push' | 'delete' | 'catalog'

/** One thing a request asks leave for. */
export interface Ask {
  readonly action: Action
  /** Null for `catalog` and `ping`. */
  readonly repository: RepositoryName | null
}

/** Who calls. */
export interface Principal {
  /** Stable and unique; sessions are counted by it. */
  readonly id: string
}

/** Where a request came from, as far as the adapter knows. */
export interface Peer {
  /**
   * The client's IP address, such as `203.0.113.7` or `2001:db8::7`: that of the connection, or what
   * a trusted proxy says. Undefined on a unix socket, and once the connection is gone.
   */
  readonly address?: string | undefined
  /** Whether the client speaks TLS, to the server or to a trusted proxy. */
  readonly secure?: boolean | undefined
}

/**
 * Leave is given, refused, or would depend on who calls; a challenge goes into
 * `WWW-Authenticate` of the 401.
 */
export type Decision =
  | { readonly kind: 'allow' }
  | { readonly kind: 'deny' }
  | { readonly kind: 'challenge'; readonly header: string }

/** Who may do what. Asked once who calls, then for a list of leaves. */
export interface Access {
  /**
   * Who calls; null for nobody in particular.
   *
   * @throws RegistryError `unauthorized` when credentials were given and are wrong.
   */
  authenticate(headers: Headers, peer: Peer): Promise<Principal | null>
  /** One decision for each ask, in order. */
  authorize(who: Principal | null, asks: readonly Ask[]): Promise<readonly Decision[]>
}
