import type { EventKind } from '../event-names.ts'
import type { WebhookEvent } from '../webhook-event.ts'

/** How events are written for a receiver. */
export interface Format {
  readonly contentType: string
  /** The events that it has a word for. */
  readonly tells: ReadonlySet<EventKind>
  /** The document of an event that it has a word for. @param registry the host that clients name */
  write(event: WebhookEvent, registry: string): object
}
