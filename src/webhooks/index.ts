/** Webhooks: tells receivers what changes in a registry. */

export type { PolicyFinding } from '../access/policy/read-policy.ts'
export type { EndpointFigures } from './delivery/receiver.ts'
export {
  type Answer,
  DeliveryFailed,
  parseRetryAfter,
  reasonOf,
  type Send,
} from './delivery/send.ts'
export type { Timing } from './delivery/timing.ts'
export { outboxLimits } from './delivery/upkeep.ts'
export type * from './document.ts'
export type { Endpoint, WebhookSettings } from './endpoint.ts'
export type { EventGroup, EventKind, EventName } from './event-names.ts'
export { fetchTransport } from './fetch-transport.ts'
export { type AddressKind, kindOfAddress, refusalOfAddress } from './ip-address.ts'
export type { OutgoingRequest } from './outgoing-request.ts'
export {
  parseWebhooks,
  type WebhooksReading,
  type WebhooksReadingOptions,
} from './parse-webhooks.ts'
export type { SecretReader } from './read-secret.ts'
export type { SampleOptions } from './sample-event.ts'
export { Secret } from './secret.ts'
export { parseWebhookEvent, type WebhookEvent } from './webhook-event.ts'
export {
  createWebhooks,
  type TestOutcome,
  type Webhooks,
  type WebhooksOptions,
  webhooksOf,
} from './webhooks.ts'
