import type { Principal } from '../../ports/access.ts'
import type { FindViewer, Viewer } from '../viewer.ts'
import { type AskDeps, askAccess } from './ask-access.ts'
import type { EndedSessions } from './ended-sessions.ts'
import { PageCall, reportCaller, withCredentials } from './page-call.ts'
import { cookieOf, type SessionCookie } from './session-cookie.ts'
import type { Session, SessionSeals } from './session-seal.ts'

/** What finds out who looks at the page. */
export interface AccessViewerDeps extends AskDeps {
  readonly seals: SessionSeals
  readonly ended: EndedSessions
  /** What stands before the page in public paths; empty for nothing. */
  readonly prefix: string
  /** How long a session lasts without a request, in milliseconds. */
  readonly sessionMs: number
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

/**
 * Finds out who looks at the page: by the request as it is, as the registry's API does, or by what its session cookie
 * stands for. The credentials of a session are held against the access each time, so a user who was removed, a
 * changed password and a changed policy count at once.
 *
 * A login by the form counts more than what a certificate or a proxy says of a request, and less than an
 * `Authorization` header of the request itself.
 *
 * @throws as the access does.
 */
export function accessViewers(deps: AccessViewerDeps): FindViewer {
  const { access, seals, ended, prefix, sessionMs, clock } = deps

  async function sessionOf(value: string | null): Promise<Session | null> {
    const session = value === null ? null : await seals.open(value, clock())
    return session === null || ended.has(session.id) ? null : session
  }

  return async (request, context) => {
    const plain = new PageCall(request, context)
    const { headers } = request
    const isNamed = headers.has('authorization')
    let rejected: string | null = null
    if (isNamed) {
      const caller = await access.authenticate(plain)
      if (caller !== null && !('rejected' in caller)) return viewerOf(deps, plain, caller, {})
      if (caller !== null) rejected = caller.message ?? 'wrong user name or password'
    }
    const cookie = cookieOf(plain, prefix)
    const value = cookie.read(headers)
    const session = await sessionOf(value)
    if (session !== null) {
      const { id, csrf, expiresAt, user, password } = session
      const call = new PageCall(request, context, withCredentials(headers, user, password))
      const caller = await access.authenticate(call)
      if (caller !== null && !('rejected' in caller)) {
        const setCookies = await renewed(session, cookie)
        return viewerOf(deps, call, caller, { session: { id, csrf, expiresAt }, setCookies })
      }
    }
    if (rejected !== null) reportCaller(request, null, 'wrong credentials')
    const caller = isNamed ? null : await access.authenticate(plain)
    const principal = caller === null || 'rejected' in caller ? null : caller
    const hasEnded = value !== null
    const setCookies = hasEnded ? [cookie.clear()] : []
    return viewerOf(deps, plain, principal, { rejected, hasEnded, setCookies })
  }

  /** The cookie of a session of which more than half is over. */
  async function renewed(session: Session, cookie: SessionCookie): Promise<readonly string[]> {
    const now = clock()
    if (session.expiresAt - now > sessionMs / 2) return []
    const sealed = await seals.seal({ ...session, expiresAt: now + sessionMs })
    return [cookie.set(sealed, Math.floor(sessionMs / 1000))]
  }
}

type Found = Partial<Pick<Viewer, 'session' | 'hasEnded' | 'rejected' | 'setCookies'>>

async function viewerOf(
  deps: AccessViewerDeps,
  call: PageCall,
  principal: Principal | null,
  found: Found,
): Promise<Viewer> {
  // The same object for every question: an access may know a request by it.
  call.principal = principal
  // An access that limits requests refuses where it is asked: a view that asks for nothing counts too.
  if (principal !== null) await deps.access.authorize(principal, [], call)
  return {
    principal,
    call,
    ...askAccess(deps, call),
    canLogIn: deps.canLogIn,
    isLoggedIn: principal !== null,
    seesNames: principal !== null,
    session: null,
    hasEnded: false,
    rejected: null,
    setCookies: [],
    ...found,
    challenge: () => deps.access.challenge([], call),
  }
}
