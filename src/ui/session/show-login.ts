import { peerOf } from '../../http/peer.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { type Answer, type Shown, shown, type Visit } from '../visit.ts'
import { checkChange } from './check-change.ts'
import { formFields } from './form-fields.ts'
import { type LoginFacts, loginView } from './login-view.ts'
import { nextPath } from './next-path.ts'
import { changeOrigin } from './own-origin.ts'
import { seeOther } from './see-other.ts'

/** Shows the form to log in. */
export async function showLogin(visit: Visit): Promise<Answer> {
  const { deps, url, viewer } = visit
  if (!viewer.canLogIn) throw new RegistryError('routeUnknown')
  const next = nextPath(url.searchParams.get('next'), deps.prefix)
  if (viewer.session !== null) return seeOther(next)
  return loginPage(visit, { next, user: '', problem: null })
}

/** The form in place of what a viewer may not see. It leads back to that. */
export function loginInstead(visit: Visit): Shown {
  const { request, url, viewer, deps } = visit
  // As it is from outside: the server around the page may have cut off the beginning.
  const path = request.method === 'GET' ? `${deps.stripped}${url.pathname}${url.search}` : null
  const next = nextPath(path, deps.prefix)
  const problem = viewer.hasEnded ? 'ended' : null
  return loginPage(visit, { next, user: '', problem }, 401)
}

/** Begins a session. Only a page of ours may send it: nobody is to be logged in as somebody else. */
export async function logIn(visit: Visit): Promise<Answer> {
  const { request, context, deps, viewer } = visit
  const sessions = (await deps.sessions?.()) ?? null
  if (sessions === null || !viewer.canLogIn) throw new RegistryError('routeUnknown')
  if (changeOrigin(request, peerOf(request)) !== 'own') throw new RegistryError('crossSite')
  const fields = await formFields(request)
  const user = fields.get('user') ?? ''
  const next = nextPath(fields.get('next'), deps.prefix)
  const failed = (problem: LoginFacts['problem'], status: number): Shown =>
    loginPage(visit, { next, user: user.slice(0, 256), problem }, status)
  try {
    const outcome = await sessions.begin(request, context, user, fields.get('password') ?? '')
    switch (outcome.kind) {
      case 'begun':
        // Nothing of a session before goes on in this one.
        if (viewer.session !== null) sessions.end(request, viewer.session)
        return seeOther(next, [outcome.setCookie])
      case 'wrong':
        return failed('wrong', 401)
      case 'too-long':
        return failed('too-long', 400)
    }
  } catch (error) {
    if (!(error instanceof RegistryError) || error.kind !== 'tooManyRequests') throw error
    return { ...failed('too-many', 429), headers: error.headers }
  }
}

/** Ends a session. */
export async function logOut(visit: Visit): Promise<Answer> {
  const { request, deps, viewer } = visit
  const sessions = (await deps.sessions?.()) ?? null
  if (sessions === null) throw new RegistryError('routeUnknown')
  checkChange(request, viewer, await formFields(request))
  return seeOther(deps.paths.home(), [sessions.end(request, viewer.session)])
}

function loginPage(visit: Visit, facts: Omit<LoginFacts, 'isPlain'>, status = 200): Shown {
  const { deps, request, url } = visit
  const isSecure = peerOf(request).secure ?? url.protocol === 'https:'
  const isPlain = !isSecure && !/^(?:localhost|127\.[0-9.]+|\[::1\])$/.test(url.hostname)
  return shown(deps.text.session.title, { ...facts, isPlain }, loginView, { status })
}
