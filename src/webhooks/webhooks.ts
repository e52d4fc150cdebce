import type { RegistryStores } from '../options.ts'
import type { EventSink, RegistryEvent } from '../ports/events.ts'
import type { NoticeSink } from '../ports/notices.ts'
import type { OutboxMessage } from '../ports/outbox.ts'
import { attempt } from './delivery/attempt.ts'
import { Deliverer } from './delivery/deliverer.ts'
import type { EndpointFigures } from './delivery/receiver.ts'
import type { Send } from './delivery/send.ts'
import { StopSignal } from './delivery/stop-signal.ts'
import { realTiming, type Timing } from './delivery/timing.ts'
import type { WebhooksDocument } from './document.ts'
import type { WebhookSettings } from './endpoint.ts'
import { isPull } from './event-names.ts'
import { fetchTransport } from './fetch-transport.ts'
import { addressed, messagesOf } from './messages.ts'
import { parseWebhooks } from './parse-webhooks.ts'
import { type SampleOptions, sampleEvent } from './sample-event.ts'

/** What webhooks work with. */
export interface WebhooksOptions {
  /** Default: `fetch`; see `fetchTransport` for what it cannot do. */
  readonly send?: Send
  /** Hears of endpoints that fail, and of dead letters. */
  readonly onNotice?: NoticeSink
  /** For tests. */
  readonly timing?: Timing
}

/** What came of a test. */
export interface TestOutcome {
  readonly endpoint: string
  /** The scheme and host of its URL. */
  readonly origin: string
  readonly isDelivered: boolean
  /** Why it was not delivered; null where it was. */
  readonly error: string | null
}

/** Tells receivers what changes in a registry. */
export interface Webhooks {
  /** For the option `outbox` of a registry: what is to be sent because of a change. */
  readonly outbox: (event: RegistryEvent) => readonly OutboxMessage[]
  /** For the option `onEvent`, where receivers want pulls: these are sent at most once. */
  readonly onEvent: EventSink
  /**
   * Begins to deliver what the stores of the registry hold.
   *
   * @throws TypeError where they keep no messages
   */
  deliver(stores: Pick<RegistryStores, 'metadata'>): void
  /** Goes on with other endpoints. What waits for an endpoint of the same name goes to the new one. */
  use(settings: WebhookSettings): void
  /** Sends an event that did not happen to an endpoint, once; null where there is none of that name. Never rejects. */
  test(endpoint: string, sample?: SampleOptions): Promise<TestOutcome | null>
  /** Numbers for each endpoint. */
  figures(): readonly EndpointFigures[]
  /** What is in use. */
  readonly settings: WebhookSettings
  /**
   * Begins no more requests, and ends those under way after `graceMs` (default: 5 s). What it did not deliver is
   * delivered by the next process. Worth calling before the registry is closed.
   */
  stop(graceMs?: number): Promise<void>
}

/**
 * Makes webhooks.
 *
 * @example
 * const webhooks = createWebhooks({
 *   registry: 'registry.example.com',
 *   endpoints: [{ name: 'ci', url: 'https://ci.example.com/hook', format: 'cloudevents' }],
 * })
 * const registry = await openRegistry({ directory: './registry-data', outbox: webhooks.outbox })
 * webhooks.deliver(registry.stores)
 *
 * @throws TypeError that says what is wrong with the document.
 */
export function createWebhooks(
  document: WebhooksDocument,
  options: WebhooksOptions = {},
): Webhooks {
  const { webhooks, problems } = parseWebhooks(document)
  if (webhooks === null) {
    const told = problems.map(({ path, message }) =>
      path === '' ? message : `${path}: ${message}`,
    )
    throw new TypeError(`webhooks: ${told.join('; ')}`)
  }
  return webhooksOf(webhooks, options)
}

/** Makes webhooks of settings that were read. */
export function webhooksOf(initial: WebhookSettings, options: WebhooksOptions = {}): Webhooks {
  const { send = fetchTransport, timing = realTiming, onNotice = () => {} } = options
  let settings = initial
  let deliverer: Deliverer | null = null
  return {
    outbox: (event) => messagesOf(settings.endpoints, event),
    onEvent(event) {
      if (deliverer === null || !isPull(event.kind)) return
      for (const { event: each, endpoints } of addressed(settings.endpoints, event)) {
        for (const { name } of endpoints) deliverer.pulls.add(name, each)
      }
    },
    deliver({ metadata: { outbox } }) {
      if (outbox === undefined) throw new TypeError('the metadata of these stores keep no messages')
      deliverer ??= new Deliverer({ outbox, send, settings, timing, onNotice })
    },
    use(next) {
      settings = next
      deliverer?.use(next)
    },
    async test(name, sample = {}) {
      const endpoint = settings.endpoints.find((each) => each.name === name)
      if (endpoint === undefined) return null
      const event = sampleEvent(endpoint, sample, timing.now())
      const { registry } = settings
      const verdict = await attempt(endpoint, event, {
        send,
        timing,
        registry,
        stop: new StopSignal(),
      })
      const isDelivered = verdict.kind === 'delivered'
      const error = verdict.kind === 'delivered' ? null : verdict.error
      return { endpoint: name, origin: endpoint.origin, isDelivered, error }
    },
    figures: () => deliverer?.figures() ?? [],
    get settings() {
      return settings
    },
    stop: async (graceMs = 5000) => await deliverer?.stop(graceMs),
  }
}
