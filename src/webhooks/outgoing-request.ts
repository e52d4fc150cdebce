import type { Endpoint } from './endpoint.ts'
import { formats } from './formats/formats.ts'
import { signatureHeaders } from './signature.ts'
import type { WebhookEvent } from './webhook-event.ts'

/** A request to an endpoint: a POST. It has secrets in it, so it must not be logged. */
export interface OutgoingRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON. */
  readonly body: string
  /** How long it may take as a whole, in milliseconds. */
  readonly timeoutMs: number
  /** Whether it may go to a private address; see `EndpointDocument`. */
  readonly allowPrivate: boolean
  /** Certificates (PEM) of authorities that are trusted beside those of the runtime; null for none. */
  readonly ca: string | null
}

/**
 * What is sent to an endpoint because of an event.
 *
 * @param registry the host that clients name
 * @param now milliseconds since the epoch
 */
export async function outgoingRequest(
  endpoint: Endpoint,
  event: WebhookEvent,
  { registry, now }: { readonly registry: string; readonly now: number },
): Promise<OutgoingRequest> {
  const format = formats[endpoint.format]
  const body = JSON.stringify(format.write(event, registry))
  const signed = { id: event.id, timestamp: Math.floor(now / 1000), body }
  const own = [...endpoint.headers].map(([name, value]) => [name, value.reveal()] as const)
  return {
    url: endpoint.url.reveal(),
    headers: {
      'User-Agent': 'layerdock-webhooks',
      'Content-Type': format.contentType,
      ...(await signatureHeaders(endpoint.secrets, signed)),
      ...Object.fromEntries(own),
    },
    body,
    timeoutMs: endpoint.timeoutMs,
    allowPrivate: endpoint.allowPrivate,
    ca: endpoint.ca === null ? null : endpoint.ca.reveal(),
  }
}
