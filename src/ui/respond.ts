import { envelope } from '../http/error-answer.ts'
import type { RegistryError } from '../oci/registry-error.ts'
import type { Assets } from './assets.ts'
import { errorView } from './error-view.ts'
import { contentSecurityPolicy, viewHeaders } from './headers.ts'
import { layout, type PageContext } from './page.ts'
import { type Shown, shown, type Visit } from './visit.ts'

/** Sends a view in the form that was asked for. */
export function respond(answer: Shown, visit: Visit, assets: Assets): Response {
  const { status = 200, headers = {} } = answer
  if (visit.form === 'json') {
    const type = viewHeaders('application/json; charset=utf-8')
    return send(visit, JSON.stringify(answer.data), status, { ...type, ...headers })
  }
  const page = contextOf(visit)
  const document = layout(answer.title, answer.body(page), page, assets)
  return send(visit, document.toString(), status, {
    ...viewHeaders('text/html; charset=utf-8'),
    'Content-Security-Policy': contentSecurityPolicy(assets.scriptHash),
    ...headers,
  })
}

/** Sends an error: the registry's envelope as JSON, a page otherwise. */
export function respondError(error: RegistryError, visit: Visit, assets: Assets): Response {
  const { status, headers, body } = envelope(error)
  if (visit.form === 'json') {
    const all = { ...viewHeaders('application/json'), ...headers }
    return send(visit, body, status, all)
  }
  const { 'Content-Type': _, 'WWW-Authenticate': __, ...others } = headers
  const { errors } = visit.deps.text
  const facts = {
    status,
    kind: error.kind,
    advice: error.advice ?? errors.kinds[error.kind] ?? null,
    requestId: requestIdIn(error),
  }
  const title = errors.title(status)
  return respond(shown(title, facts, errorView, { status, headers: others }), visit, assets)
}

function send(
  { request, viewer }: Visit,
  text: string,
  status: number,
  given: Record<string, string>,
): Response {
  const bytes = new TextEncoder().encode(text)
  const body = request.method === 'HEAD' ? null : bytes
  const headers = new Headers({ ...given, 'Content-Length': String(bytes.byteLength) })
  for (const cookie of viewer.setCookies) headers.append('Set-Cookie', cookie)
  return new Response(body, { status, headers })
}

function requestIdIn(error: RegistryError): string | null {
  return error.headers['X-Request-Id'] ?? null
}

/** Who has not logged in yet may have nothing to bring back. */
function hasTrash({ trashMs }: Visit['deps'], viewer: Visit['viewer']): boolean {
  return trashMs !== null && trashMs > 0 && (viewer.isLoggedIn || !viewer.canLogIn)
}

function contextOf({ deps, url, viewer, now, csrf }: Visit): PageContext {
  const { text, paths, title, deletes } = deps
  return {
    url,
    here: `${deps.stripped}${url.pathname}${url.search}`,
    text,
    paths,
    viewer,
    now,
    csrf,
    live: deps.live !== null,
    title,
    deletes,
    trash: hasTrash(deps, viewer),
  }
}
