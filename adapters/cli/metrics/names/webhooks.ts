import { counter, gauge, type Names } from './metric-name.ts'

/** Webhooks. The names that begin with `registry_` are distribution's. */
export const webhookNames: Names<
  | 'events'
  | 'pending'
  | 'waiting'
  | 'waitingBytes'
  | 'dead'
  | 'deadBytes'
  | 'oldest'
  | 'dropped'
  | 'buried'
  | 'inFlight'
  | 'failing'
  | 'pullsWaiting'
  | 'pullsDropped'
> = {
  events: counter(
    'registry_notifications_events_total',
    ['type', 'endpoint'],
    'Deliveries to an endpoint: Successes, and Failures. Failed messages are retried, pulls are not.',
  ),
  pending: gauge(
    'registry_notifications_pending_total',
    ['endpoint'],
    'Events that wait for delivery.',
  ),
  waiting: gauge(
    'layerdock_webhook_waiting_messages',
    ['endpoint'],
    'Messages that wait in the outbox.',
  ),
  waitingBytes: gauge('layerdock_webhook_waiting_bytes', ['endpoint'], 'Size of these messages.'),
  dead: gauge(
    'layerdock_webhook_dead_letters',
    ['endpoint'],
    'Undelivered messages that are kept. layerdock webhook list shows them.',
  ),
  deadBytes: gauge('layerdock_webhook_dead_bytes', ['endpoint'], 'Size of these messages.'),
  oldest: gauge(
    'layerdock_webhook_oldest_seconds',
    ['endpoint'],
    'Waiting time of the oldest message; 0 if none waits.',
  ),
  dropped: counter(
    'layerdock_webhook_dropped_total',
    ['endpoint'],
    'Dead letters dropped because there were too many.',
  ),
  buried: counter(
    'layerdock_webhook_buried_total',
    ['endpoint'],
    'Messages that became dead letters because deliveries failed.',
  ),
  inFlight: gauge('layerdock_webhook_in_flight_requests', ['endpoint'], 'Deliveries in progress.'),
  failing: gauge(
    'layerdock_webhook_failing',
    ['endpoint'],
    '1 if an endpoint failed several times in a row and is tried with pauses; otherwise 0.',
  ),
  pullsWaiting: gauge(
    'layerdock_webhook_waiting_pulls',
    ['endpoint'],
    'Pull events that wait in memory.',
  ),
  pullsDropped: counter(
    'layerdock_webhook_dropped_pulls_total',
    ['endpoint'],
    'Pull events that were not sent.',
  ),
}
