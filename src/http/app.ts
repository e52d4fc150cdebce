import type { Context, Hono } from 'hono'
import { Hono as TinyHono } from 'hono/tiny'
import { RegistryError } from '../oci/registry-error.ts'
import { authorize } from './authorize.ts'
import { Call, type HttpDeps } from './call.ts'
import { answerOf } from './errors.ts'
import { type Exchange, endWith, exchangeOf, observeHere } from './exchange.ts'
import { checkRequest } from './guard.ts'
import { mountHints } from './mount-hint.ts'
import { type MatchedPath, matchPlain } from './plain-path.ts'
import { allowedMethods, type Route, routes } from './routes.ts'

/** The routes of a registry as a fetch handler, and as a Hono app. */
export interface HttpApp {
  /** Made when it is first read. */
  readonly app: Hono
  /** Whether it was given `observe`. */
  readonly observed: boolean
  fetch(request: Request, context?: object): Response | Promise<Response>
}

/** What a router is given with each request: the registry that answers, and the host's own context. */
interface Bindings {
  readonly deps: HttpDeps
  readonly context: object | undefined
  /** Says which options would make a route match; null where none would. */
  readonly hintFor: (request: Request, context: unknown) => string | null
}

/** @param base how the API's paths begin when they arrive here; the route table says `/v2` */
export function createApp(deps: HttpDeps, base: string = `${deps.prefix}/v2`): HttpApp {
  const router = routerOf(base)
  const whole = `${deps.prefix}/v2`
  const mount = {
    prefix: deps.prefix,
    stripped: whole.slice(0, whole.length - base.length),
  }
  const matches = (path: string): boolean => router.router.match('GET', path)[0].length > 0
  const hintFor = mountHints(mount, matches, deps.onNotice)
  const dispatch = (
    request: Request,
    context: object | undefined,
  ): Response | Promise<Response> => {
    try {
      const plain = matchPlain(request.url, base)
      if (plain !== null) return answer(new Call(deps, request, context), plain.rows, plain)
      const shown = request.method === 'HEAD' ? asGet(request) : request
      return router.fetch(shown, { deps, context, hintFor })
    } catch (error) {
      return answerOf(error, new Call(deps, request, context))
    }
  }
  let app: Hono | null = null
  return {
    get app() {
      app ??= mountable({ deps, hintFor }, base, router)
      return app
    },
    observed: deps.observe !== null,
    fetch(request, context) {
      const exchange = beginHere(deps, request)
      if (exchange === null) return dispatch(request, context)
      return endHere(exchange, request, dispatch(request, context))
    },
  }
}

/** The exchange of a request that something observes; null where nothing does. */
function beginHere({ observe }: HttpDeps, request: Request): Exchange | null {
  const exchange = exchangeOf(request) ?? (observe === null ? null : observeHere(request))
  if (observe !== null) exchange?.add(observe)
  return exchange
}

/** Ends an exchange with its answer, unless an adapter does. */
function endHere(
  exchange: Exchange,
  request: Request,
  response: Response | Promise<Response>,
): Response | Promise<Response> {
  if (exchange.managed) return response
  const head = request.method === 'HEAD'
  return response instanceof Promise
    ? response.then((made) => endWith(exchange, made, head))
    : endWith(exchange, response, head)
}

/**
 * Routers by their base. They hold no registry: each request brings its own. So a host that makes a
 * registry for each request, as a worker does, makes no router for it.
 */
const routers: Map<string, Hono> = new Map()
const mostRouters = 64

function routerOf(base: string): Hono {
  const known = routers.get(base)
  if (known !== undefined) return known
  const router = routed(base)
  if (routers.size < mostRouters) routers.set(base, router)
  return router
}

/**
 * An app for `host.route(path, app)`. It has a single route, and passes each request to `router`: the
 * routers of many hono versions do not match names that contain slashes, and the host brings its own.
 * A path that `router` does not know goes on to the routes of the host.
 */
function mountable(
  { deps, hintFor }: Pick<Bindings, 'deps' | 'hintFor'>,
  base: string,
  router: Hono,
): Hono {
  const app: Hono = new TinyHono()
  app.all(`${base}/*`, async (context, next) => {
    const { raw, routePath } = context.req
    // The host may have put a path in front of `base`; the route that matched has both.
    const inFront = segments(routePath) - segments(`${base}/*`)
    const bindings: Bindings = { deps, context: context.env as object | undefined, hintFor }
    const shown = asGet(raw, withoutSegments(raw.url, inFront))
    const exchange = beginHere(deps, raw)
    const answered = router.fetch(shown, bindings)
    const response = await (exchange === null ? answered : endHere(exchange, raw, answered))
    return unrouted.has(response) ? next() : response
  })
  app.notFound((context) =>
    answerUnrouted(new Call(deps, context.req.raw, context.env as object | undefined), null),
  )
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
function routed(base: string): Hono {
  const app: Hono = new TinyHono({ strict: false })
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path)
    const [first = '', second = ''] = [...path.matchAll(/:([a-z]+)/g)].map(([, name]) => name)
    app.all(`${base}${path.slice('/v2'.length)}`, (context) => {
      const name = context.req.param(first) ?? ''
      const last = context.req.param(second) ?? ''
      return answer(callOf(context), methods, { name, last, isPlain: false })
    })
  }
  app.notFound((context) => {
    const { context: given, hintFor } = context.env as Bindings
    const call = callOf(context)
    return answerUnrouted(call, hintFor(call.request, given))
  })
  app.onError((error, context) => answerOf(error, callOf(context)))
  return app
}

/** @param methods the rows of the path */
function answer(
  call: Call,
  methods: readonly Route[],
  path: MatchedPath,
): Response | Promise<Response> {
  const { request, deps } = call
  const { cors } = deps
  if (cors === null) return answerRouted(call, methods, path)
  const preflight = cors.preflight(request, allowedMethods(methods))
  if (preflight !== null) return preflight
  const result = answerRouted(call, methods, path)
  if (!(result instanceof Promise)) return cors.expose(request, result)
  return result.then((response) => cors.expose(request, response))
}

function answerRouted(
  call: Call,
  methods: readonly Route[],
  path: MatchedPath,
): Response | Promise<Response> {
  try {
    checkRequest(call.request, call.deps.cors, path.isPlain)
    const route = routeOf(call, methods)
    const operation = route.parse(path.name, path.last)
    call.exchange?.at(route.label, operation.repository, operation.reference)
    const waiting = authorize(call, () => operation.wanted(call))
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
    checkRequest(call.request, call.deps.cors, false)
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

function callOf(context: Context): Call {
  const { raw } = context.req
  const { deps, context: given } = context.env as Bindings
  const received: StandIn = raw
  return new Call(deps, received[original] ?? raw, given)
}

/** The answers to paths that no route matches. */
const unrouted: WeakSet<Response> = new WeakSet()

/** The request that {@link asGet} stands in for. */
const original: unique symbol = Symbol('original')

type StandIn = Request & { readonly [original]?: Request }

/**
 * A GET that Hono routes in place of `request`. Hono dispatches HEAD as GET and copies the answer into
 * a Response without a body, which costs more than the request itself; the handlers know HEAD.
 */
function asGet(request: Request, url: string = request.url): Request {
  return { method: 'GET', url, headers: request.headers, [original]: request } as StandIn
}
