import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'

/**
 * What a request wants to do: `ping` is the version check, `catalog` the list of repositories. Unlike
 * the others these two name no repository. `admin` is the registry's own upkeep.
 */
export type Action = 'ping' | 'catalog' | 'pull' | 'push' | 'delete' | 'admin'

/** One thing a request asks permission for. */
export interface Ask {
  readonly action: Action
  /** Null for `catalog` and `ping`, and for `admin` of the registry as a whole. */
  readonly repository: RepositoryName | null
  /**
   * The tag or digest it is about: of the manifest that is read, pushed or deleted (a push with `tag`
   * parameters asks for each tag), or of the blob. Null for lists and upload sessions.
   */
  readonly reference: Reference | null
  /** For a push that mounts a blob: the repository it is taken from. Its `pull` is asked as well. */
  readonly mountFrom?: RepositoryName
}

/** Who calls. */
export interface Principal {
  /** Stable and unique: upload sessions are counted by it, and events and logs name it. */
  readonly id: string
  /** What an `Access` found out beside that, for itself, wrappers and events: groups, claims. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** What the certificate of a client says, which the server has checked against its authorities. */
export interface PeerCertificate {
  /** The subject's common name (CN). */
  readonly commonName: string | null
  /** The subject's organizations (O). */
  readonly organizations: readonly string[]
  /** Alternative names that are URIs, such as `spiffe://example.com/ci`. */
  readonly uris: readonly string[]
  /** Alternative names that are email addresses. */
  readonly emails: readonly string[]
  /** Alternative names that are host names. */
  readonly hosts: readonly string[]
  /** SHA-256 of the certificate: hexadecimal, with colons between the bytes. */
  readonly fingerprint: string
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
  /** The client's certificate, where the server asks for one and trusts it. Bun does not tell. */
  readonly certificate?: PeerCertificate | undefined
  /** Whether a trusted proxy passed the request on, so that headers which that proxy sets can be believed. */
  readonly isProxied?: boolean | undefined
}

/** A request as an {@link Access} sees it. */
export interface AccessRequest {
  readonly method: string
  /** Absolute, as it arrived. */
  readonly url: string
  readonly headers: Headers
  readonly peer: Peer
  readonly requestId: string
  /** What the host application or the runtime handed to `fetch` beside the request. */
  readonly context: object | undefined
  /**
   * Whether the answer is the web page's. A person logs in there with a form, so an anonymous caller need not be
   * refused only to have a client send the credentials it has.
   */
  readonly isPage?: boolean
}

/**
 * What came of one ask: `login` when it depends on who calls and nobody has said so yet. Then the
 * client gets a 401 with a challenge; `deny` is a 403.
 */
export type Decision = 'allow' | 'deny' | 'login'

/** A {@link Decision} with what led to it. */
export interface Ruling {
  readonly decision: Decision
  /** The rule that decided, for the report of the request. */
  readonly rule?: string
  /** What the client is told where the decision is not `allow`. */
  readonly message?: string
  /**
   * Which tags of the repository stay where they are, for an allowed `push` or `delete`. A tag that it is
   * true of may be made, and set to the same digest again; it is not moved or deleted, nor is its manifest.
   * Neither is what any manifest of the repository names, so that such a tag stays whole. Answers at once.
   */
  readonly isImmutable?: (tag: Tag) => boolean
}

/** What came of a request to the token endpoint. */
export interface TokenAnswer {
  readonly response: Response
  /** Who asked, for the report of the request. */
  readonly principal: Principal | null
  /** How it was found out, for the report: a login, or what was wrong. */
  readonly rule?: string
  /** The code in the answer's envelope, for the report. */
  readonly errorCode?: string
}

/** Credentials were given, and they are wrong: the client gets a 401 with a challenge. */
export interface Rejection {
  readonly rejected: true
  /** What the client is told. Default: "wrong user name or password". */
  readonly message?: string
}

/** Repositories a caller may see in the catalog: these names, and all names below these prefixes. */
export interface CatalogScope {
  readonly names: readonly RepositoryName[]
  /** Each ends in `/`: `team/` stands for `team/app` and `team/tools/lint`. */
  readonly prefixes: readonly string[]
}

/**
 * Who may do what. Asked once who calls, then for everything the request needs in one list. What it
 * throws refuses the request: a RegistryError as it says, anything else as a 500.
 *
 * @example
 * const onlyCiPushes: Access = {
 *   authenticate: async ({ headers }) =>
 *     headers.get('authorization') === `Bearer ${ciToken}` ? { id: 'ci' } : null,
 *   authorize: async (principal, asks) =>
 *     asks.map(({ action }) => (action === 'pull' || principal?.id === 'ci' ? 'allow' : 'login')),
 *   challenge: () => 'Bearer realm="registry"',
 * }
 */
export interface Access {
  /**
   * Who calls; null for an anonymous caller, a {@link Rejection} for wrong credentials. An answer that is known
   * at once need not be a promise, which makes the request a little faster.
   */
  authenticate(
    request: AccessRequest,
  ): Promise<Principal | null | Rejection> | Principal | null | Rejection
  /** One decision for each ask, in order. A missing one is a refusal. */
  authorize(
    principal: Principal | null,
    asks: readonly Ask[],
    request: AccessRequest,
  ): Promise<ReadonlyArray<Decision | Ruling>> | ReadonlyArray<Decision | Ruling>
  /** The `WWW-Authenticate` of a 401: which scheme, and the scope of what was asked. */
  challenge(asks: readonly Ask[], request: AccessRequest): string
  /**
   * What a caller may see in the catalog; `all` of it, or a scope. Without this method, and where it
   * answers undefined, the registry asks for `pull` of each name, a bounded number of names a request.
   */
  catalog?(
    principal: Principal | null,
    request: AccessRequest,
  ): Promise<CatalogScope | 'all' | undefined>
  /**
   * Answers the token endpoint, GET and POST of `/v2/_layerdock/token`, which finds out by itself who calls.
   * Without this method there is none.
   *
   * @param request its body, of 64 KiB at most, is in memory
   */
  token?(request: Request, call: AccessRequest): Promise<TokenAnswer>
}
