import { mediaTypes } from '../oci/media-types.ts'
import type { Endpoint } from './endpoint.ts'
import type { WebhookEvent } from './webhook-event.ts'

/** What a test is about. */
export interface SampleOptions {
  /** Default: `layerdock/webhook-test`. */
  readonly repository?: string
  /** Default: `test`. */
  readonly tag?: string
}

/** The digest of no bytes: nothing that a receiver could mean. */
const digest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** An event that did not happen: a push where the endpoint hears of pushes, else the first that it hears of. */
export function sampleEvent(
  { events }: Endpoint,
  { repository = 'layerdock/webhook-test', tag = 'test' }: SampleOptions,
  time: number,
): WebhookEvent {
  const [first = 'manifest-pushed'] = events
  return {
    id: crypto.randomUUID(),
    kind: events.has('manifest-pushed') ? 'manifest-pushed' : first,
    time: Math.round(time),
    repository,
    by: 'layerdock-webhook-test',
    requestId: crypto.randomUUID(),
    address: null,
    secure: null,
    tag,
    digest,
    mediaType: mediaTypes.ociManifest,
    size: 0,
  }
}
