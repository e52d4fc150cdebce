import { expect, test } from 'vitest'
import { type MetricSet, metricSet } from '../../../adapters/cli/metrics/metric-set.ts'
import { allNames } from '../../../adapters/cli/metrics/names.ts'
import { requestMetrics } from '../../../adapters/cli/metrics/requests.ts'
import { Tally } from '../../../adapters/cli/metrics/tally.ts'
import { type RepositoryName, repositoryName } from '../../../src/index.ts'
import { beginExchange, type Exchange } from '../../../src/kit.ts'
import { Page } from './page.ts'

/** A request that came to its end. */
interface Ended extends Partial<Pick<Exchange, 'route' | 'repository' | 'method'>> {
  readonly status?: number | null
  readonly milliseconds?: number
  readonly cutShort?: boolean
}

function metersOf(set: MetricSet, repositories: number): (ended: Ended) => void {
  const { meter } = requestMetrics(set, repositories)
  return ({
    method = 'GET',
    route,
    repository = null,
    status = 200,
    milliseconds = 1,
    cutShort,
  }) => {
    const exchange = beginExchange(() => {
      throw new Error('no report is asked for')
    }, method)
    exchange.countBy(meter)
    if (route != null) exchange.at(route, repository, null)
    exchange.repository = repository
    exchange.bytesIn = 1
    meter.ended(exchange, { status, bytesOut: 10, cutShort: cutShort ?? false }, milliseconds)
  }
}

test('what clients send makes no more series, however much of it there is', async () => {
  const set = metricSet()
  const observe = metersOf(set, 3)
  const some = async (from: number, to: number): Promise<Page> => {
    for (let index = from; index < to; index += 1) {
      const repository: RepositoryName = repositoryName(`name-${index}`)
      observe({
        method: `METHOD${index}`,
        route: `/odd/${index}"\n`,
        repository,
      })
    }
    return new Page(await set.text())
  }
  const few = await some(0, 5)
  const many = await some(5, 2_000)
  expect(many.values).toHaveLength(few.values.length)
  expect(many.get('registry_http_requests_total', { handler: 'other', method: 'unknown' })).toBe(
    2_000,
  )
  const sent = 'layerdock_repository_sent_bytes_total'
  expect(many.get(sent, { repository: 'name-2' })).toBe(10)
  expect(many.get(sent, { repository: 'other' })).toBe(10 * 1_997)
})

test('a repository that is not there takes no place', async () => {
  const set = metricSet()
  const observe = metersOf(set, 1)
  observe({ repository: repositoryName('not-there'), status: 404 })
  observe({ repository: repositoryName('there') })
  const page = new Page(await set.text())
  expect(page.get('layerdock_repository_sent_bytes_total', { repository: 'there' })).toBe(10)
})

test('a request without an answer counts as 499, and one that was cut as aborted', async () => {
  const set = metricSet()
  const observe = metersOf(set, 0)
  observe({ route: '/v2/<name>/blobs/<digest>', status: null, cutShort: true })
  const page = new Page(await set.text())
  expect(page.get('registry_http_requests_total', { handler: 'blob', code: '499' })).toBe(1)
  expect(page.get('layerdock_http_aborted_requests_total', { handler: 'blob' })).toBe(1)
})

test('buckets are cumulative, and a value on a bound is within it', async () => {
  const set = metricSet()
  const observe = metersOf(set, 0)
  for (const milliseconds of [5, 6, 70_000]) observe({ milliseconds })
  const page = new Page(await set.text())
  const bucket = (le: string): number =>
    page.get('registry_http_request_duration_seconds_bucket', { le })
  expect([bucket('0.005'), bucket('0.01'), bucket('60'), bucket('+Inf')]).toEqual([1, 2, 2, 3])
  expect(page.get('registry_http_request_duration_seconds_sum')).toBeCloseTo(70.011)
})

test('a metric that cannot be read, or not in time, leaves the others as they are', async () => {
  const set = metricSet()
  const [first, second, third] = allNames.filter(({ kind }) => kind === 'gauge')
  if (first === undefined || second === undefined || third === undefined) throw new Error()
  set.read(first, () => Promise.reject(new Error('the database is away')))
  set.read(second, () => new Promise(() => {}))
  set.read(third, () => 3)
  const page = new Page(await set.text())
  expect(page.values).toEqual([{ name: third.name, labels: {}, value: 3 }])
})

test('a tally counts what is beyond its limit together', () => {
  const tally = new Tally('of', 2)
  for (const value of ['a', 'b', 'c', 'd', 'a']) tally.add(value)
  expect(tally.read()).toEqual([
    { labels: { of: 'a' }, value: 2 },
    { labels: { of: 'b' }, value: 1 },
    { labels: { of: 'other' }, value: 2 },
  ])
})

test('requests under way count as other until their route is known, and not once they have ended', async () => {
  const set = metricSet()
  const { meter } = requestMetrics(set, 0)
  const begin = (): Exchange => {
    const exchange = beginExchange(() => {
      throw new Error('no report is asked for')
    }, 'GET')
    exchange.countBy(meter)
    return exchange
  }
  const inFlight = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      new Page(await set.text()).values
        .filter(({ name }) => name === 'registry_http_in_flight_requests')
        .map(({ labels, value }) => [labels.handler, value]),
    )
  const [first, second] = [begin(), begin()]
  expect(await inFlight()).toEqual({ other: 2 })
  first.at('/live', null, null)
  second.at('/v2', null, null)
  second.at('/live', null, null)
  expect(await inFlight()).toEqual({ other: 0, health: 2, base: 0 })
  for (const exchange of [first, second]) {
    for (let times = 0; times < 2; times += 1) {
      exchange.end({ status: 200, bytesOut: 0, cutShort: false })
    }
  }
  expect(await inFlight()).toEqual({ other: 0, health: 0, base: 0 })
})
