import { type Access, RegistryError } from '../../../src/index.ts'
import { errorAnswer, exchangeOf, peerOf, requestIdOf } from '../../../src/kit.ts'
import type { Metrics } from './metrics.ts'
import type { HasToken } from './metrics-token.ts'

/** Answers a request for the page of metrics. Never rejects. */
export type MetricsDoor = (request: Request, context?: object) => Promise<Response>

/** Who may come in. */
export interface MetricsKeys {
  /** Who may do what; null where everyone may do everything. */
  readonly access: Access | null
  /** Null where there is no token. */
  readonly hasToken: HasToken | null
}

const realm = 'Bearer realm="metrics"'

/**
 * The way to the page of metrics: for those who have the token, and those who may administer the registry. Where there is
 * a token and no login, the token alone leads in.
 */
export function metricsDoor(
  metrics: Pick<Metrics, 'page' | 'contentType'>,
  keys: MetricsKeys,
): MetricsDoor {
  const { access, hasToken } = keys

  async function expectAllowed(request: Request, context: object | undefined): Promise<void> {
    if (hasToken?.(request.headers) === true) return
    if (access !== null) return await expectAdmin(access, request, context)
    if (hasToken === null) return
    throw new RegistryError('unauthorized', { headers: { 'WWW-Authenticate': realm } })
  }

  return async (request, context) => {
    exchangeOf(request)?.at('/metrics', null, null)
    const { method } = request
    try {
      if (method !== 'GET' && method !== 'HEAD') {
        throw new RegistryError('unsupported', { headers: { Allow: 'GET, HEAD' } })
      }
      await expectAllowed(request, context)
      const body = new TextEncoder().encode(await metrics.page())
      const headers = { ...always, 'Content-Type': metrics.contentType }
      const length = String(body.byteLength)
      return new Response(method === 'HEAD' ? null : body, {
        headers: { ...headers, 'Content-Length': length },
      })
    } catch (error) {
      return refusal(error, method)
    }
  }
}

/** @throws RegistryError `unauthorized`, `denied`; what the access throws. */
async function expectAdmin(
  access: Access,
  request: Request,
  context: object | undefined,
): Promise<void> {
  const exchange = exchangeOf(request)
  const call = {
    method: request.method,
    url: request.url,
    headers: request.headers,
    peer: peerOf(request),
    requestId: requestIdOf(request),
    context,
  }
  const asks = [{ action: 'admin', repository: null, reference: null }] as const
  const challenged = (advice?: string): RegistryError =>
    new RegistryError('unauthorized', {
      ...(advice === undefined ? {} : { advice }),
      headers: { 'WWW-Authenticate': access.challenge(asks, call) },
    })
  const caller = await access.authenticate(call)
  if (caller !== null && 'rejected' in caller) {
    throw challenged(caller.message ?? 'wrong user name or password')
  }
  if (exchange !== null) exchange.principal = caller
  const [first] = await access.authorize(caller, asks, call)
  const decision = typeof first === 'object' ? first.decision : first
  if (decision === 'allow') return
  throw decision === 'login' ? challenged() : new RegistryError('denied')
}

function refusal(error: unknown, method: string): Response {
  const told = error instanceof RegistryError ? error : new RegistryError('internal')
  const { status, headers, body } = errorAnswer(told.kind, told.headers)
  return new Response(method === 'HEAD' ? null : body, {
    status,
    headers: { ...headers, ...always },
  })
}

const always = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }
