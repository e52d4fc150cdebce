import { eventKinds } from '../event-names.ts'
import type { WebhookEvent } from '../webhook-event.ts'
import type { Format } from './format.ts'

/** CloudEvents 1.0, structured: `manifest-pushed` is of the type `dev.layerdock.manifest.pushed.v1`. */
export const cloudEvents: Format = {
  contentType: 'application/cloudevents+json; charset=utf-8',
  tells: new Set(eventKinds),
  write(event, registry) {
    const {
      id,
      kind,
      time,
      repository,
      requestId: request,
      by,
      address: _,
      secure: __,
      traceparent,
      ...facts
    } = event
    return {
      specversion: '1.0',
      id,
      source: `oci://${registry}/${repository}`,
      type: `dev.layerdock.${kind.replace('-', '.')}.v1`,
      subject: subjectOf(event),
      time: new Date(time).toISOString(),
      datacontenttype: 'application/json',
      // Of CloudEvents' extension for distributed tracing.
      ...(traceparent === undefined ? {} : { traceparent }),
      data: { registry, repository, ...facts, by, request },
    }
  },
}

/** As a client names it. */
function subjectOf({ repository, tag, digest }: WebhookEvent): string {
  if (tag !== undefined) return `${repository}:${tag}`
  return digest === undefined ? repository : `${repository}@${digest}`
}
