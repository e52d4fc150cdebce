import { RegistryError } from '../oci/registry-error.ts'
import { authorize } from './authorize.ts'
import { Call, type HttpDeps } from './call.ts'
import { answerOf, explain } from './errors.ts'
import { type Exchange, endWith, exchangeOf, observeHere } from './exchange.ts'
import { checkRequest } from './guard.ts'
import { mountHints } from './mount-hint.ts'
import { matchPlain } from './plain-path.ts'
import { pathOf, routerOf } from './router.ts'
import { allowedMethods, type MatchedPath, type Route } from './routes.ts'
import { inSpan } from './traced.ts'

/** Answers a request beside the API. Given a function that says what the client is told of an error. */
export type AnswerBeside = (
  explain: (error: unknown) => RegistryError,
) => Response | Promise<Response>

/** The routes of a registry as a fetch handler, and what a Hono app around them needs. */
export interface HttpRoutes {
  /** Whether it was given `observe` or `tracing`. */
  readonly observed: boolean
  /** How the API's paths begin when they arrive here. */
  readonly base: string
  fetch(request: Request, context?: object): Response | Promise<Response>
  /** As `fetch`, for a request whose path here is that of `url`. */
  fetchAs(url: string, request: Request, context: object | undefined): Response | Promise<Response>
  /**
   * Answers a request by something that stands beside the API, such as a web page. The observer hears of it as of
   * the API's own. Never rejects.
   *
   * @param answer gets a function that says what the client is told of an error; the first call for an error of ours
   *   makes a notice of it
   */
  answerWith(request: Request, answer: AnswerBeside): Response | Promise<Response>
  /** Whether `fetchAs` gave this answer because no route matches. */
  isUnrouted(response: Response): boolean
  /** The answer to a request that no route matches. */
  refuse(request: Request, context: object | undefined): Response
}

/** @param base how the API's paths begin when they arrive here; the route table says `/v2` */
export function createRoutes(deps: HttpDeps, base: string): HttpRoutes {
  const match = routerOf(base)
  const whole = `${deps.prefix}/v2`
  const mount = {
    prefix: deps.prefix,
    stripped: whole.slice(0, whole.length - base.length),
  }
  const hintFor = mountHints(mount, (path) => match(path) !== null, deps.onNotice)
  /** The answers to paths that no route matches. */
  const unrouted: WeakSet<Response> = new WeakSet()
  const answerNone = (call: Call): Response =>
    inSpan(deps, call.request, null, () => {
      const response = answerUnrouted(call, hintFor(call.request, call.context))
      unrouted.add(response)
      return response
    })
  // It has no closure: what one captures is on the heap for each request, also where it is not made.
  const dispatch = (call: Call, url: string, isWhole: boolean): Response | Promise<Response> => {
    try {
      const path = (isWhole ? matchPlain(url, base) : null) ?? match(pathOf(url))
      if (path === null) return answerNone(call)
      return deps.tracing === null ? answer(call, path) : answerInSpan(call, path)
    } catch (error) {
      return answerOf(error, call)
    }
  }
  const handle = (
    request: Request,
    context: object | undefined,
    url: string,
    isWhole: boolean,
  ): Response | Promise<Response> => {
    const exchange = beginHere(deps, request)
    const answered = dispatch(new Call(deps, request, context), url, isWhole)
    return exchange === null ? answered : endHere(exchange, request, answered)
  }
  return {
    observed: deps.observe !== null || deps.tracing !== null,
    base,
    fetch: (request, context) => handle(request, context, request.url, true),
    fetchAs: (url, request, context) => handle(request, context, url, false),
    answerWith(request, answer) {
      const exchange = beginHere(deps, request)
      const head = request.method === 'HEAD'
      const failed = (error: unknown): Response => answerOf(error, { request, head, deps })
      let answered: Response | Promise<Response>
      try {
        const told = (error: unknown): RegistryError => explain(error, { request, deps })
        answered = inSpan(deps, request, null, () => answer(told))
        if (answered instanceof Promise) answered = answered.catch(failed)
      } catch (error) {
        answered = failed(error)
      }
      return exchange === null ? answered : endHere(exchange, request, answered)
    },
    isUnrouted: (response) => unrouted.has(response),
    refuse: (request, context) => answerUnrouted(new Call(deps, request, context), null),
  }
}

/** The exchange of a request that something observes; null where nothing does. */
function beginHere({ observe, tracing }: HttpDeps, request: Request): Exchange | null {
  const wanted = observe !== null || tracing !== null
  const exchange = exchangeOf(request) ?? (wanted ? observeHere(request) : null)
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

function answerInSpan(call: Call, path: MatchedPath): Response | Promise<Response> {
  const label = path.rows[0]?.label ?? null
  return inSpan(call.deps, call.request, label, () => answer(call, path))
}

function answer(call: Call, path: MatchedPath): Response | Promise<Response> {
  const { request, deps } = call
  const { cors } = deps
  if (cors === null) return answerRouted(call, path)
  const preflight = cors.preflight(request, allowedMethods(path.rows))
  if (preflight !== null) return preflight
  const result = answerRouted(call, path)
  if (!(result instanceof Promise)) return cors.expose(request, result)
  return result.then((response) => cors.expose(request, response))
}

function answerRouted(call: Call, path: MatchedPath): Response | Promise<Response> {
  try {
    checkRequest(call.request, call.deps.cors, path.isPlain)
    const route = routeOf(call, path.rows)
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
  return call.deps.cors?.expose(call.request, response) ?? response
}

function routeOf(call: Call, methods: readonly Route[]): Route {
  const method = call.head ? 'GET' : call.request.method
  for (const route of methods) if (route.method === method) return route
  throw new RegistryError('unsupported', { headers: { Allow: allowedMethods(methods) } })
}
