import { peerOf } from '../http/peer.ts'
import { requestIdOf } from '../http/request-id.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Action, CatalogScope, Principal } from '../ports/access.ts'
import type { CallContext } from '../ports/call-context.ts'

/** Who looks at the page, and what they may see and do. */
export interface Viewer {
  /** Null for an anonymous one. */
  readonly principal: Principal | null
  /** For calls of the service on their behalf. */
  readonly call: CallContext
  /** Whether they may do something. Null as a repository: of the registry as a whole. */
  may(action: Action, repository: RepositoryName | null, reference?: Reference): Promise<boolean>
  /** Whether they may read each of these repositories, in order. */
  mayRead(names: readonly RepositoryName[]): Promise<readonly boolean[]>
  /** What they may see in lists; undefined where each name has to be asked for. */
  catalog(): Promise<CatalogScope | 'all' | undefined>
  /** Whether there is a login to offer. */
  readonly canLogIn: boolean
  readonly isLoggedIn: boolean
}

/** Finds out who sent a request. Never rejects for a session that is not valid: that is an anonymous viewer. */
export type FindViewer = (request: Request, context: object | undefined) => Promise<Viewer>

/** The viewer of a registry without access control, who may do everything. */
export async function openViewer(request: Request): Promise<Viewer> {
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
    mayRead: async (names) => names.map(() => true),
    catalog: async () => 'all',
    canLogIn: false,
    isLoggedIn: false,
  }
}
