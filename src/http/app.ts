import type { Context, Hono } from 'hono'
import { Hono as TinyHono } from 'hono/tiny'
import { RegistryError } from '../oci/registry-error.ts'
import { authorize } from './authorize.ts'
import { Call, type HttpDeps } from './call.ts'
import { answerOf } from './errors.ts'
import { checkRequest } from './guard.ts'
import { allowedMethods, type PathParameters, type Route, routes } from './routes.ts'

/** The routes of a registry as a fetch handler, and as a Hono app. */
export interface HttpApp {
  /** Made when it is first asked for. */
  readonly app: Hono
  fetch(request: Request, context?: object): Response | Promise<Response>
}

/** What {@link HttpApp.fetch} hands to the router as its bindings. */
interface Bindings {
  readonly deps: HttpDeps
  readonly context: object | undefined
}

/**
 * Routers by their base. They hold no registry: each request brings its own with it. So a host that
 * makes a registry for each request, as a worker does, makes no router for it.
 */
const routers: Map<string, Hono> = new Map()
const mostRouters = 64

/**
 * Serves a registry below a base path.
 *
 * @param base what the API's paths begin with as they arrive here, where the table says `/v2`
 */
export function createApp(deps: HttpDeps, base: string = `${deps.prefix}/v2`): HttpApp {
  const router = routerOf(base)
  let app: Hono | null = null
  return {
    get app() {
      app ??= routed(base, new TinyHono(), ['', '/'], (context) => ({ deps, context: context.env }))
      return app
    },
    fetch(request, context) {
      try {
        const shown = request.method === 'HEAD' ? asGet(request) : request
        return router.fetch(shown, { deps, context })
      } catch (error) {
        return answerOf(error, new Call(deps, request, context))
      }
    },
  }
}

function routerOf(base: string): Hono {
  const known = routers.get(base)
  if (known !== undefined) return known
  const bindings = (context: Context): Bindings => context.env as Bindings
  const router = routed(base, new TinyHono({ strict: false }), [''], bindings)
  if (routers.size < mostRouters) routers.set(base, router)
  return router
}

/**
 * Mounts every path once, with its methods behind it: Hono calls a lone handler directly, and a method
 * that has no row is a 405 rather than Hono's 404. The tiny preset's router takes a third of the
 * default one's time on these patterns.
 *
 * `endings` are what a path may end with: a router that ignores a slash needs one form, but the app
 * that ours is mounted in decides that for itself, and Hono tells `/v2` and `/v2/` apart unless it is
 * told not to.
 */
function routed(
  base: string,
  app: Hono,
  endings: readonly string[],
  bindingsOf: (context: Context) => Bindings,
): Hono {
  const callOf = (context: Context): Call => {
    const { raw } = context.req
    const { deps, context: given } = bindingsOf(context)
    return new Call(deps, heads.get(raw) ?? raw, given)
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path)
    const below = path.slice('/v2'.length)
    for (const ending of endings) {
      app.all(`${base}${below}${ending}`, (context) =>
        answer(callOf(context), methods, (name) => context.req.param(name)),
      )
    }
  }
  app.notFound((context) => answer(callOf(context), null, () => undefined))
  app.onError((error, context) => answerOf(error, callOf(context)))
  return app
}

/** @param methods the rows of the path; null where no path matched */
function answer(
  call: Call,
  methods: readonly Route[] | null,
  parameters: PathParameters,
): Response | Promise<Response> {
  try {
    checkRequest(call.request)
    if (methods === null) throw new RegistryError('routeUnknown')
    const route = routeOf(call, methods)
    const operation = route.parse(parameters)
    const waiting = authorize(call, () => operation.wanted(call))
    const result =
      waiting === null ? operation.handle(call) : waiting.then(() => operation.handle(call))
    if (!(result instanceof Promise)) return result
    return result.catch((error: unknown) => answerOf(error, call))
  } catch (error) {
    return answerOf(error, call)
  }
}

function routeOf(call: Call, methods: readonly Route[]): Route {
  const method = call.head ? 'GET' : call.request.method
  for (const route of methods) if (route.method === method) return route
  throw new RegistryError('unsupported', { headers: { Allow: allowedMethods(methods) } })
}

/** HEAD requests, by what stands for them before Hono. */
const heads: WeakMap<Request, Request> = new WeakMap()

/**
 * Hono dispatches HEAD as GET and copies the answer into a Response without a body, which costs
 * more than the request itself. The handlers know HEAD, so Hono is shown a GET of the same URL.
 */
function asGet(request: Request): Request {
  const shown = { method: 'GET', url: request.url, headers: request.headers } as Request
  heads.set(shown, request)
  return shown
}
