import { peerOf } from '../http/peer.ts'
import { requestIdOf } from '../http/request-id.ts'
import type { VisibleRepositories } from '../http/visible-repositories.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Action, CatalogScope, Principal } from '../ports/access.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { PageRequest } from '../ports/metadata-store.ts'
import type { RegistryReads } from '../ports/registry-service.ts'

/** A login by the form. */
export interface ViewerSession {
  readonly id: string
  /** Goes into every form that changes something. */
  readonly csrf: string
  /** In milliseconds since the epoch. */
  readonly expiresAt: number
}

/** Who looks at the page, and what they may see and do. */
export interface Viewer {
  /** Null for an anonymous one. */
  readonly principal: Principal | null
  /** For calls of the service on their behalf. */
  readonly call: CallContext
  /** Whether they may do something. Null as a repository: of the registry as a whole. */
  may(action: Action, repository: RepositoryName | null, reference?: Reference): Promise<boolean>
  /**
   * The call to do something with, which knows the immutable tags.
   *
   * @throws RegistryError `unauthorized`, `denied` where they may not.
   */
  permit(
    action: Action,
    repository: RepositoryName | null,
    reference?: Reference,
  ): Promise<CallContext>
  /** Whether they may read each of these repositories, in order. */
  mayRead(names: readonly RepositoryName[]): Promise<readonly boolean[]>
  /** What they may see in lists; undefined where each name has to be asked for. */
  catalog(): Promise<CatalogScope | 'all' | undefined>
  /**
   * The repositories they may read, in byte order, as the registry's catalog lists them. `next` is the `after` of the
   * next page.
   *
   * @throws RegistryError `unauthorized`, `denied` where they may not list any; `pageInvalid`.
   */
  repositories(page: PageRequest): Promise<VisibleRepositories>
  /** Whether there is a form to log in. */
  readonly canLogIn: boolean
  readonly isLoggedIn: boolean
  /**
   * Whether they are told who pushed. Those who have not said who they are do not learn the names of users, whose
   * passwords they could try.
   */
  readonly seesNames: boolean
  /** Null for those who are known by anything but the form, or not at all. */
  readonly session: ViewerSession | null
  /** Whether the request has the cookie of a session that has ended. */
  readonly hasEnded: boolean
  /** What is wrong with the credentials that the request itself has; null for nothing. */
  readonly rejected: string | null
  /** What goes with the answer of a view: a session that goes on, or has ended. */
  readonly setCookies: readonly string[]
  /** The `WWW-Authenticate` for programs; null where there is no access control. */
  challenge(): string | null
}

/**
 * Finds out who sent a request. Never rejects for credentials or a session that are not valid: that is an anonymous
 * viewer.
 */
export type FindViewer = (request: Request, context: object | undefined) => Promise<Viewer>

/** The viewer of a registry without access control, who may do everything. */
export function openViewer(
  request: Request,
  service: Pick<RegistryReads, 'listRepositories'>,
): Viewer {
  const call: CallContext = {
    principal: null,
    requestId: requestIdOf(request),
    peer: peerOf(request),
    signal: request.signal,
    isImmutable: null,
    isProgram: false,
    inspects: true,
  }
  return {
    principal: null,
    call,
    may: async () => true,
    permit: async () => call,
    mayRead: async (names) => names.map(() => true),
    catalog: async () => 'all',
    async repositories(page) {
      const { items, more } = await service.listRepositories(call, page)
      return { items, next: more ? (items.at(-1) ?? null) : null }
    },
    canLogIn: false,
    isLoggedIn: false,
    seesNames: true,
    session: null,
    hasEnded: false,
    rejected: null,
    setCookies: [],
    challenge: () => null,
  }
}
