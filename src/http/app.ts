import type { Context, Hono } from 'hono'
import { Hono as TinyHono } from 'hono/tiny'
import { RegistryError } from '../oci/registry-error.ts'
import { authorize } from './authorize.ts'
import type { Call, HttpDeps } from './call.ts'
import { answerOf } from './errors.ts'
import { checkRequest } from './guard.ts'
import { mountHints } from './mount-hint.ts'
import { peerOf } from './peer.ts'
import { allowedMethods, type PathParameters, type Route, routes } from './routes.ts'

/** The routes of a registry as a Hono app, and the fetch handler that adapters call. */
export interface HttpApp {
  /** Made when it is first read. */
  readonly app: Hono
  fetch(request: Request, context?: object): Response | Promise<Response>
}

/** @param base how the API's paths begin when they arrive here; the route table says `/v2` */
export function createApp(deps: HttpDeps, base: string = `${deps.prefix}/v2`): HttpApp {
  const served = routed(deps, base)
  let app: Hono | null = null
  return {
    get app() {
      app ??= mountable(deps, base, served)
      return app
    },
    fetch(request, context) {
      try {
        return served.fetch(request.method === 'HEAD' ? asGet(request) : request, context)
      } catch (error) {
        return answerOf(error, { request, head: request.method === 'HEAD', deps })
      }
    },
  }
}

/**
 * An app for `host.route(path, app)`. It has a single route, and passes each request to `served`: the
 * routers of many hono versions do not match names that contain slashes, and the host brings its own.
 * A path that `served` does not know goes on to the routes of the host.
 */
function mountable(deps: HttpDeps, base: string, served: Hono): Hono {
  const app: Hono = new TinyHono()
  app.all(`${base}/*`, async (context, next) => {
    const { raw, routePath } = context.req
    // The host may have put a path in front of `base`; the route that matched has both.
    const inFront = segments(routePath) - segments(`${base}/*`)
    const response = await served.fetch(asGet(raw, withoutSegments(raw.url, inFront)), context.env)
    return unrouted.has(response) ? next() : response
  })
  app.notFound((context) => answerUnrouted(callOf(deps, context), null))
  return app
}

function segments(path: string): number {
  return path.split('/').length - 1
}

/** Cuts the query and the first `count` segments of the path off a URL. */
function withoutSegments(url: string, count: number): string {
  const query = url.indexOf('?')
  const whole = query === -1 ? url : url.slice(0, query)
  const start = whole.indexOf('/', whole.indexOf('://') + 3)
  let end = start
  for (let left = count; left > 0 && end !== -1; left -= 1) end = whole.indexOf('/', end + 1)
  return whole.slice(0, start) + (end === -1 ? '/' : whole.slice(end))
}

/**
 * Puts the routes on an app, each path once, with its methods behind it: Hono calls a single handler
 * directly, and a method that no row has gets 405 instead of Hono's 404. The tiny preset's router
 * takes a third of the default one's time on these patterns.
 */
function routed(deps: HttpDeps, base: string): Hono {
  const app: Hono = new TinyHono({ strict: false })
  const whole = `${deps.prefix}/v2`
  const mount = { prefix: deps.prefix, stripped: whole.slice(0, whole.length - base.length) }
  const matches = (path: string): boolean => app.router.match('GET', path)[0].length > 0
  const hintFor = mountHints(mount, matches, deps.events)
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path)
    app.all(`${base}${path.slice('/v2'.length)}`, (context) => {
      return answer(callOf(deps, context), methods, (name) => context.req.param(name))
    })
  }
  app.notFound((context) => {
    const call = callOf(deps, context)
    return answerUnrouted(call, hintFor(call.request, context.env))
  })
  app.onError((error, context) => answerOf(error, callOf(deps, context)))
  return app
}

/** @param methods the rows of the path */
function answer(
  call: Call,
  methods: readonly Route[],
  parameters: PathParameters,
): Response | Promise<Response> {
  const { request, deps } = call
  const { cors } = deps
  if (cors === null) return answerRouted(call, methods, parameters)
  const preflight = cors.preflight(request, allowedMethods(methods))
  if (preflight !== null) return preflight
  const result = answerRouted(call, methods, parameters)
  if (!(result instanceof Promise)) return cors.expose(request, result)
  return result.then((response) => cors.expose(request, response))
}

function answerRouted(
  call: Call,
  methods: readonly Route[],
  parameters: PathParameters,
): Response | Promise<Response> {
  try {
    checkRequest(call.request, call.deps.cors)
    const route = routeOf(call, methods)
    const operation = route.parse(parameters)
    const waiting = authorize(call, route.action, operation)
    const result =
      waiting === null ? operation.handle(call) : waiting.then(() => operation.handle(call))
    if (!(result instanceof Promise)) return result
    return result.catch((error: unknown) => answerOf(error, call))
  } catch (error) {
    return answerOf(error, call)
  }
}

/** @param hint which options would make a route match */
function answerUnrouted(call: Call, hint: string | null): Response {
  let error: unknown = new RegistryError('routeUnknown', hint === null ? {} : { advice: hint })
  try {
    checkRequest(call.request, call.deps.cors)
  } catch (refusal) {
    error = refusal
  }
  const response = answerOf(error, call)
  unrouted.add(response)
  return call.deps.cors?.expose(call.request, response) ?? response
}

function routeOf(call: Call, methods: readonly Route[]): Route {
  const method = call.head ? 'GET' : call.request.method
  for (const route of methods) if (route.method === method) return route
  throw new RegistryError('unsupported', { headers: { Allow: allowedMethods(methods) } })
}

function callOf(deps: HttpDeps, context: Context): Call {
  const request = originals.get(context.req.raw) ?? context.req.raw
  return {
    deps,
    request,
    head: request.method === 'HEAD',
    peer: peerOf(request),
    principal: null,
  }
}

/** The answers to paths that no route matches. */
const unrouted: WeakSet<Response> = new WeakSet()

/** The requests that {@link asGet} stands in for. */
const originals: WeakMap<Request, Request> = new WeakMap()

/**
 * A GET that Hono routes in place of `request`. Hono dispatches HEAD as GET and copies the answer into
 * a Response without a body, which costs more than the request itself; the handlers know HEAD.
 */
function asGet(request: Request, url: string = request.url): Request {
  const standIn = { method: 'GET', url, headers: request.headers } as Request
  originals.set(standIn, request)
  return standIn
}
