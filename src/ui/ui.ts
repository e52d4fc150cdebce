import { exchangeOf } from '../http/exchange.ts'
import { checkPath } from '../http/guard.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { assetsOnce } from './assets.ts'
import { welcome } from './catalog/welcome.ts'
import { immutableHeaders } from './headers.ts'
import { wantedForm } from './negotiate.ts'
import type { UiOptions, UiRegistry } from './options.ts'
import { arrivalBase } from './paths.ts'
import { respond } from './respond.ts'
import { type UiRoute, uiRoutes } from './routes.ts'
import { onlyReadable } from './session/only-readable.ts'
import { respondRefusal } from './session/respond-refusal.ts'
import { style } from './style.ts'
import { uiDeps } from './ui-deps.ts'
import { openViewer, type Viewer } from './viewer.ts'
import type { Visit } from './visit.ts'

/** A registry with its web page: a fetch handler for both. */
export interface Ui {
  /** Answers a request to the page, and passes every other one on to the registry. Never rejects. */
  fetch(request: Request, context?: object): Response | Promise<Response>
  /** Whether the registry was given `observe`. */
  readonly observed: boolean
  /** Ends what the page has open: views that wait for changes. The registry stays open. */
  close(): void
}

/**
 * Makes the web page of a registry.
 *
 * @example
 * const registry = createRegistry()
 * const ui = createUi(registry)
 * export default { fetch: ui.fetch }
 *
 * @throws TypeError when the page's public path does not begin with `stripped`.
 */
export function createUi(registry: UiRegistry, options: UiOptions = {}): Ui {
  const prefix = (options.prefix ?? '').replace(/\/+$/, '')
  const base = arrivalBase(prefix, options.stripped ?? '')
  const own = `${base}/_layerdock`
  const deps = uiDeps(registry, options, prefix)
  const assets = assetsOnce()

  async function answer(
    request: Request,
    context: object | undefined,
    path: string,
    explain: (error: unknown) => RegistryError,
  ): Promise<Response> {
    const url = new URL(request.url)
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
      const answerIt = () => route.answer(visit(), target)
      const given = await (repository === null
        ? answerIt()
        : onlyReadable(visit(), repository, answerIt))
      return given instanceof Response ? given : respond(given, visit(), files)
    } catch (error) {
      return respondRefusal(explain(error), visit(), files)
    }
  }

  return {
    observed: registry.observed,
    fetch(request, context) {
      const path = pathOf(request.url)
      const isOwn =
        path === base || path === `${base}/` || path === own || path.startsWith(`${own}/`)
      if (!isOwn) return registry.fetch(request, context)
      return registry.answerWith(request, (explain) =>
        answer(request, context, path.slice(base.length) || '/', explain),
      )
    },
    close: () => deps.live?.close(),
  }
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

function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.slice(start).search(/[?#]/)
  return end === -1 ? url.slice(start) : url.slice(start, start + end)
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
