import { exchangeOf } from '../http/exchange.ts'
import { checkPath } from '../http/guard.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { assetsOnce } from './assets.ts'
import { welcome } from './catalog/welcome.ts'
import { english } from './english.ts'
import { immutableHeaders } from './headers.ts'
import { knownQuery } from './known-parameters.ts'
import { wantedForm } from './negotiate.ts'
import { respond } from './respond.ts'
import { type UiRoute, uiRoutes } from './routes.ts'
import { onlyReadable } from './session/only-readable.ts'
import { style } from './style.ts'
import type { SharedDeps } from './ui-deps.ts'
import { viewTurns } from './view-turns.ts'
import { openViewer, type Viewer } from './viewer.ts'
import type { UiDeps, Visit } from './visit.ts'

/**
 * Answers a request for a path of the page. Never rejects.
 *
 * @param path below the prefix
 * @param explain says what a client is told of an error
 */
export type PageAnswer = (
  request: Request,
  context: object | undefined,
  path: string,
  explain: (error: unknown) => RegistryError,
) => Promise<Response>

/** Makes what answers for the page: it is loaded with the first request, and each view with the first one for it. */
export function pageAnswer(shared: SharedDeps): PageAnswer {
  const deps: UiDeps = { ...shared, text: shared.options.text ?? english }
  const assets = assetsOnce()
  const turns = viewTurns()

  return async (request, context, path, explain) => {
    const url = new URL(request.url)
    url.search = knownQuery(url.search)
    const files = await assets()
    if (path === `/_layerdock/style-${files.styleHash}.css`) return sheet(request)
    let viewer = openViewer(request, deps.service)
    const form = formOf(request, url)
    const visit = (): Visit => {
      const csrf = viewer.session?.csrf ?? null
      const facts = deps.facts.forView()
      return { request, url, context, deps, viewer, form, facts, now: deps.clock(), csrf }
    }
    try {
      if (path === '/' && form === 'text') {
        exchangeOf(request)?.at('/', null, null)
        const plain = welcome(request)
        if (plain !== null) return plain
      }
      checkPath(request.url)
      const { route, target } = routeOf(request, path)
      exchangeOf(request)?.at(route.label, target.repository, target.reference)
      viewer = await deps.findViewer(request, context)
      const exchange = exchangeOf(request)
      if (exchange !== null) exchange.principal = viewer.principal
      refuseRejected(viewer, route)
      const { repository } = target
      const answerIt = async () => route.answer(visit(), target)
      const makeIt = () =>
        turns.take(viewer, async () => {
          const given = await (repository === null
            ? answerIt()
            : onlyReadable(visit(), repository, answerIt))
          return given instanceof Response ? given : respond(given, visit(), files)
        })
      if (route.method === 'GET') return await makeIt()
      return await turns.receive(viewer, async () => {
        await awaitBody(request)
        return await makeIt()
      })
    } catch (error) {
      const { respondRefusal } = await import('./session/respond-refusal.ts')
      return respondRefusal(explain(error), visit(), files)
    }
  }
}

/** Waits until a body is there. What is wrong with it, its route says. */
async function awaitBody(request: Request): Promise<void> {
  const { readBody } = await import('./session/form-fields.ts')
  await readBody(request).catch(() => {})
}

/**
 * Wrong credentials of the request itself are an error everywhere but where others are given.
 *
 * @throws RegistryError `unauthorized`.
 */
function refuseRejected({ rejected, session }: Viewer, { label }: UiRoute): void {
  if (rejected === null || session !== null || label.endsWith('/login')) return
  throw new RegistryError('unauthorized', { advice: rejected })
}

/** @throws RegistryError `routeUnknown`, `unsupported`. */
function routeOf(
  { method }: Request,
  path: string,
): { route: UiRoute; target: NonNullable<ReturnType<UiRoute['match']>> } {
  const below = path === '/' ? '' : decoded(path.slice('/_layerdock/'.length))
  const wanted = method === 'HEAD' ? 'GET' : method
  const others: string[] = []
  for (const route of uiRoutes) {
    const target = route.match(below)
    if (target === null) continue
    if (route.method === wanted) return { route, target }
    others.push(route.method === 'GET' ? 'GET, HEAD' : route.method)
  }
  if (others.length === 0) throw new RegistryError('routeUnknown')
  throw new RegistryError('unsupported', { headers: { Allow: others.join(', ') } })
}

/** What a path says; one that cannot be decoded is no path of ours. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new RegistryError('routeUnknown')
  }
}

/** A link may ask for JSON where no Accept header can: `?format=json`. */
function formOf(request: Request, url: URL): Visit['form'] {
  return url.searchParams.get('format') === 'json'
    ? 'json'
    : wantedForm(request.headers.get('accept'))
}

function sheet({ method }: Request): Response {
  const body = method === 'HEAD' ? null : style
  return new Response(body, { headers: immutableHeaders('text/css; charset=utf-8') })
}
