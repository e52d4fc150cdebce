import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api'
import { loggedAgent, loggedTarget, withoutSecrets } from '../oci/plain-text.ts'
import type { RequestReport } from '../ports/observer.ts'
import type { HeaderReader, RequestSpan } from '../ports/tracing.ts'
import { type Live, Place, unrecorded, within } from './live.ts'
import { remoteParent } from './remote-parent.ts'

/** Begins the span of a request. Names and attributes are those of the semantic conventions for HTTP servers. */
export function requestSpan(
  tracer: Tracer,
  request: Request,
  route: string | null,
  header: HeaderReader | null,
): RequestSpan {
  const parent = remoteParent(request, header)
  const method = methodOf(request.method)
  const attributes: Attributes = { 'http.request.method': method }
  if (route !== null) attributes['http.route'] = route
  const span = tracer.startSpan(
    nameOf(method, route),
    { kind: SpanKind.SERVER, attributes },
    parent,
  )
  const isRecording = span.isRecording()
  const live: Live = isRecording ? { ended: false } : unrecorded
  const inner: Context = within(parent, span, live)
  return {
    place: new Place(inner, span),
    run: (work) => context.with(inner, work),
    end: !isRecording
      ? null
      : (report) => {
          live.ended = true
          describe(span, report, method, route)
          span.end()
        },
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
