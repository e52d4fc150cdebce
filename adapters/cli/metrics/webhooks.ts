import type { Outbox, OutboxCounts } from '../../../src/kit.ts'
import type { EndpointFigures } from '../../../src/webhooks/delivery/receiver.ts'
import type { MetricSet, Sample } from './metric-set.ts'
import { webhookNames as names } from './names.ts'

/** Endpoints are those of the settings, now and before; the outbox may remember more. */
const mostEndpoints = 200

/**
 * Shows what waits for the endpoints of webhooks, and how their deliveries go.
 *
 * @param figures those of the deliverer
 */
export function webhookMetrics(
  set: MetricSet,
  outbox: Pick<Outbox, 'counts'> | undefined,
  figures: () => readonly EndpointFigures[],
): void {
  const samples = <T extends { readonly endpoint: string }>(
    all: readonly T[],
    of: (one: T) => number,
  ): readonly Sample[] =>
    all.slice(0, mostEndpoints).map((one) => ({
      labels: { endpoint: one.endpoint },
      value: of(one),
    }))
  const counts = set.shared(async () => (await outbox?.counts()) ?? [])
  const ofOutbox = (of: (one: OutboxCounts) => number) => async (): Promise<readonly Sample[]> =>
    samples(await counts(), of)
  const ofDeliverer = (of: (one: EndpointFigures) => number) => (): readonly Sample[] =>
    samples(figures(), of)

  set.read(
    names.waiting,
    ofOutbox(({ waiting }) => waiting),
  )
  set.read(
    names.waitingBytes,
    ofOutbox(({ waitingBytes }) => waitingBytes),
  )
  set.read(
    names.dead,
    ofOutbox(({ dead }) => dead),
  )
  set.read(
    names.deadBytes,
    ofOutbox(({ deadBytes }) => deadBytes),
  )
  set.read(
    names.dropped,
    ofOutbox(({ dropped }) => dropped),
  )
  set.read(
    names.oldest,
    ofOutbox(({ oldestAt }) => (oldestAt === null ? 0 : Math.max(Date.now() - oldestAt, 0) / 1000)),
  )
  set.read(
    names.buried,
    ofDeliverer(({ buried }) => buried),
  )
  set.read(
    names.inFlight,
    ofDeliverer(({ inFlight }) => inFlight),
  )
  set.read(
    names.failing,
    ofDeliverer(({ isFailing }) => (isFailing ? 1 : 0)),
  )
  set.read(
    names.pullsWaiting,
    ofDeliverer(({ pullsWaiting }) => pullsWaiting),
  )
  set.read(
    names.pullsDropped,
    ofDeliverer(({ pullsDropped }) => pullsDropped),
  )

  set.read(names.pending, async () => {
    const waiting = new Map((await counts()).map((one) => [one.endpoint, one.waiting]))
    return samples(figures(), ({ endpoint, pullsWaiting }) => {
      return (waiting.get(endpoint) ?? 0) + pullsWaiting
    })
  })
  set.read(names.events, () =>
    figures().flatMap(({ endpoint, delivered, failed }) => [
      { labels: { type: 'Successes', endpoint }, value: delivered },
      { labels: { type: 'Failures', endpoint }, value: failed },
    ]),
  )
}
