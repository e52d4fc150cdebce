import type { RegistryEvent } from '../ports/events.ts'
import type { OutboxMessage } from '../ports/outbox.ts'
import type { Endpoint } from './endpoint.ts'
import { type WebhookEvent, webhookEventsOf } from './webhook-event.ts'

/** The endpoints that an event is for. */
export interface Addressed {
  readonly event: WebhookEvent
  readonly endpoints: readonly Endpoint[]
}

/** Which endpoints are told what of an event. */
export function addressed(
  endpoints: readonly Endpoint[],
  event: RegistryEvent,
): readonly Addressed[] {
  const { kind, repository } = event
  const about = endpoints.filter(({ events, isAbout }) => events.has(kind) && isAbout(repository))
  // Most events are for none, and then nothing is made.
  if (about.length === 0) return []
  return webhookEventsOf(event).flatMap((each) => {
    const meant = about.filter(({ tags }) => tags === null || hasTag(each, tags))
    return meant.length === 0 ? [] : [{ event: each, endpoints: meant }]
  })
}

/** The messages of an event, for `RegistryOptions.outbox`. */
export function messagesOf(
  endpoints: readonly Endpoint[],
  event: RegistryEvent,
): readonly OutboxMessage[] {
  return addressed(endpoints, event).map(({ event: each, endpoints: meant }) => ({
    endpoints: meant.map(({ name }) => name),
    text: JSON.stringify(each),
  }))
}

function hasTag({ tag, tags }: WebhookEvent, patterns: NonNullable<Endpoint['tags']>): boolean {
  const named = tag === undefined ? (tags ?? []) : [tag]
  return named.some((each) => patterns.some(({ matches }) => matches(each)))
}
