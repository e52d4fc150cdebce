import { expect, test } from 'vitest'
import { metricSet } from '../../../adapters/cli/metrics/metric-set.ts'
import { webhookMetrics } from '../../../adapters/cli/metrics/webhooks.ts'
import type { OutboxCounts } from '../../../src/kit.ts'
import { Page } from './page.ts'

const counts: OutboxCounts = {
  endpoint: 'ci',
  waiting: 3,
  dead: 2,
  waitingBytes: 300,
  deadBytes: 200,
  oldestAt: 0,
  dropped: 1,
}

const figures = {
  endpoint: 'ci',
  delivered: 10,
  failed: 4,
  buried: 2,
  inFlight: 1,
  isFailing: true,
  lastError: 'refused',
  lastDeliveredAt: null,
  pullsWaiting: 5,
  pullsDropped: 6,
}

test('the outbox is asked once for each scrape, and says what waits', async () => {
  const set = metricSet()
  let asked = 0
  const outbox = {
    async counts() {
      asked += 1
      return [counts]
    },
  }
  webhookMetrics(set, outbox, () => [figures])
  await set.text()
  const page = new Page(await set.text())
  expect(asked).toBe(2)
  const value = (name: string, labels = {}): number => page.get(name, { endpoint: 'ci', ...labels })
  expect(value('layerdock_webhook_waiting_messages')).toBe(3)
  expect(value('layerdock_webhook_dead_letters')).toBe(2)
  expect(value('layerdock_webhook_oldest_seconds')).toBeGreaterThan(1.7e9)
  expect(value('layerdock_webhook_failing')).toBe(1)
  expect(value('registry_notifications_pending_total')).toBe(8)
  expect(value('registry_notifications_events_total', { type: 'Successes' })).toBe(10)
  expect(value('registry_notifications_events_total', { type: 'Failures' })).toBe(4)
})

test('an outbox that cannot be asked leaves the figures of the deliverer', async () => {
  const set = metricSet()
  webhookMetrics(set, { counts: () => Promise.reject(new Error('away')) }, () => [figures])
  const page = new Page(await set.text())
  expect(page.get('layerdock_webhook_in_flight_requests')).toBe(1)
  expect(page.values.some(({ name }) => name.includes('waiting_messages'))).toBe(false)
})
