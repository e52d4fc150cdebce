import type { Assets } from './assets.ts'
import { contentSecurityPolicy, viewHeaders } from './headers.ts'
import { layout, type PageContext } from './page.ts'
import type { Shown, Visit } from './visit.ts'

/** Sends a view in the form that was asked for. */
export function respond(answer: Shown, visit: Visit, assets: Assets): Response {
  const { status = 200, headers = {} } = answer
  if (visit.form === 'json') {
    const type = viewHeaders('application/json; charset=utf-8')
    return sendView(visit, JSON.stringify(answer.data), status, { ...type, ...headers })
  }
  const page = contextOf(visit)
  const document = layout(answer.title, answer.body(page), page, assets)
  return sendView(visit, document.toString(), status, {
    ...viewHeaders('text/html; charset=utf-8'),
    'Content-Security-Policy': contentSecurityPolicy(assets.scriptHash),
    ...headers,
  })
}

/** Sends a view that is drawn already. */
export function sendView(
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
