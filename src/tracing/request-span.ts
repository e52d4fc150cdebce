import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { loggedAgent, loggedTarget, withoutSecrets } from '../oci/plain-text.ts'
import type { RequestReport } from '../ports/observer.ts'
import type { RequestSpan, TracePlace, Tracing } from '../ports/tracing.ts'
import { isOurs, type Live, Place, unrecorded, within } from './live.ts'
import { remoteParent } from './remote-parent.ts'

/**
 * Begins the spans of requests. Names and attributes are those of the semantic conventions for HTTP servers.
 *
 * Most requests are not recorded, so this does little for them beyond asking the SDK.
 *
 * @param sample the share of those without a parent that the SDK is asked about
 */
export function requestSpans(tracer: Tracer, sample: number): Tracing['request'] {
  const heads = spanHeads()
  return (request, route, header = null) => {
    const parent = remoteParent(request, header)
    if (sample < 1 && Math.random() >= sample && trace.getSpan(parent) === undefined)
      return untraced
    const { method, name, options } = heads(request.method, route)
    const span = tracer.startSpan(name, options, parent)
    return span.isRecording()
      ? recordedSpan(span, parent, method, route)
      : new UnrecordedSpan(span, parent)
  }
}

/** The span of a request that is in no trace. Such a request may begin while a traced one is still under way. */
const untraced: RequestSpan = {
  place: null,
  run: (work) => (isOurs(context.active()) ? context.with(ROOT_CONTEXT, work) : work()),
  end: null,
}

function recordedSpan(
  span: Span,
  parent: Context,
  method: string,
  route: string | null,
): RequestSpan {
  const live: Live = { ended: false }
  const inner = within(parent, span, live)
  return {
    place: new Place(inner, span),
    run: (work) => context.with(inner, work),
    end(report) {
      live.ended = true
      describe(span, report, method, route)
      span.end()
    },
  }
}

/** A request that is not recorded. What runs in it has its context, so that no span below it begins a trace of its own. */
class UnrecordedSpan implements RequestSpan {
  readonly place: TracePlace
  readonly end = null
  readonly #inner: Context

  constructor(span: Span, parent: Context) {
    this.#inner = within(parent, span, unrecorded)
    this.place = new Place(this.#inner, span)
  }

  run<T>(work: () => T): T {
    return context.with(this.#inner, work)
  }
}

/** What a span begins with. */
interface SpanHead {
  readonly method: string
  readonly name: string
  readonly options: SpanOptions
}

/** Finds what the span of a request begins with: made once for each method of a route. */
function spanHeads(): (method: string, route: string | null) => SpanHead {
  const byRoute: Map<string | null, Map<string, SpanHead>> = new Map()
  return (given, route) => {
    const method = methodOf(given)
    const found = byRoute.get(route)?.get(method)
    if (found !== undefined) return found
    const attributes: Attributes = { 'http.request.method': method }
    if (route !== null) attributes['http.route'] = route
    const options = { kind: SpanKind.SERVER, attributes }
    const made = { method, name: nameOf(method, route), options }
    byRoute.set(route, (byRoute.get(route) ?? new Map()).set(method, made))
    return made
  }
}

function describe(span: Span, report: RequestReport, method: string, known: string | null): void {
  const { route, status, errorCode, repository, principal, peer, userAgent } = report
  if (route !== null && route !== known) {
    span.updateName(nameOf(method, route))
    span.setAttribute('http.route', route)
  }
  const [path = ''] = loggedTarget(report.target).split('?', 1)
  const of: Attributes = {
    'url.path': path,
    'url.scheme': peer.secure === true ? 'https' : 'http',
    'layerdock.request_id': report.requestId,
    'http.request.body.size': report.bytesIn,
  }
  if (method === other)
    of['http.request.method_original'] = withoutSecrets(report.method.slice(0, 64))
  if (status !== null) of['http.response.status_code'] = status
  if (report.bytesOut !== null) of['http.response.body.size'] = report.bytesOut
  if (peer.address !== undefined) of['client.address'] = peer.address
  if (userAgent !== null) of['user_agent.original'] = loggedAgent(userAgent)
  if (repository !== null) of['layerdock.repository'] = repository
  if (report.digest !== null) of['layerdock.digest'] = report.digest
  if (report.reference?.kind === 'tag') of['layerdock.tag'] = withoutSecrets(report.reference.tag)
  if (principal !== null) of['enduser.id'] = withoutSecrets(principal.id.slice(0, 256))
  if (report.cutShort === true) of['layerdock.cut_short'] = true
  if (errorCode !== null) of['layerdock.error_code'] = errorCode
  const isFailure = status === null || status >= 500
  if (isFailure) {
    of['error.type'] = status === null ? 'client_gone' : String(status)
    if (status !== null) span.setStatus({ code: SpanStatusCode.ERROR })
  }
  span.setAttributes(of)
}

function nameOf(method: string, route: string | null): string {
  const verb = method === other ? 'HTTP' : method
  return route === null ? verb : `${verb} ${route}`
}

const other = '_OTHER'
const methods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'TRACE',
])

/** A client may send any word: as a name it would be one of many. */
function methodOf(method: string): string {
  return methods.has(method) ? method : other
}
