import type { FindViewer, ViewerSession } from '../viewer.ts'
import { accessViewers } from './access-viewer.ts'
import type { AskDeps } from './ask-access.ts'
import { endedSessions } from './ended-sessions.ts'
import { PageCall, reportCaller, withCredentials } from './page-call.ts'
import { cookieOf, fitsCookie } from './session-cookie.ts'
import { randomToken, sessionSeals } from './session-seal.ts'

/** What sessions are made of. */
export interface SessionsOptions extends AskDeps {
  /** 32 random bytes that all nodes have; default: bytes of the process. */
  readonly secret: Uint8Array | undefined
  /** How long a session lasts without a request, in milliseconds. */
  readonly sessionMs: number
  /** What stands before the page in public paths; empty for nothing. */
  readonly prefix: string
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

/** What came of a login. */
export type LoginOutcome =
  | { readonly kind: 'begun'; readonly setCookie: string }
  /** Whatever is wrong with it: nothing tells whether there is such a user. */
  | { readonly kind: 'wrong' }
  /** Longer than a cookie can hold. */
  | { readonly kind: 'too-long' }

/** Logs in and out, and knows who is logged in. */
export interface Sessions {
  readonly findViewer: FindViewer
  /** @throws RegistryError as the access does: `tooManyRequests` after too many wrong passwords. */
  begin(
    request: Request,
    context: object | undefined,
    user: string,
    password: string,
  ): Promise<LoginOutcome>
  /** Ends a session in this process. Returns the `Set-Cookie` that has its browser forget it. */
  end(request: Request, session: ViewerSession | null): string
  /** Calls `stop` when a session ends before its time; what is returned takes that back. */
  whenEnded(id: string, stop: () => void): () => void
}

/** Makes the sessions of one page. @throws TypeError when the secret is not 32 bytes. */
export function createSessions(options: SessionsOptions): Sessions {
  const { access, prefix, sessionMs, clock } = options
  const seals = sessionSeals(options.secret)
  const ended = endedSessions(clock)
  return {
    findViewer: accessViewers({ ...options, seals, ended }),
    whenEnded: ended.whenEnded,

    async begin(request, context, user, password) {
      const expiresAt = clock() + sessionMs
      const session = { id: randomToken(), csrf: randomToken(), user, password, expiresAt }
      const sealed = await seals.seal(session)
      if (!fitsCookie(sealed)) return { kind: 'too-long' }
      // A colon ends the user's name where these become a header, and nothing at all is no credentials there.
      if (user.includes(':') || password === '') return { kind: 'wrong' }
      const headers = withCredentials(request.headers, user, password)
      const call = new PageCall(request, context, headers)
      const caller = await access.authenticate(call)
      if (caller === null || 'rejected' in caller) {
        reportCaller(request, null, 'wrong credentials')
        return { kind: 'wrong' }
      }
      reportCaller(request, caller)
      const seconds = Math.floor(sessionMs / 1000)
      return { kind: 'begun', setCookie: cookieOf(call, prefix).set(sealed, seconds) }
    },

    end(request, session) {
      // No cookie of it is good for longer than one that was made just now.
      if (session !== null) ended.end(session.id, clock() + sessionMs)
      return cookieOf(new PageCall(request, undefined), prefix).clear()
    },
  }
}
