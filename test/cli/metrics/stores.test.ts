import { expect, test } from 'vitest'
import { metricSet } from '../../../adapters/cli/metrics/metric-set.ts'
import { conditionMetrics, storeMetrics } from '../../../adapters/cli/metrics/store.ts'
import { openRegistry } from '../../../adapters/disk/open-registry.ts'
import { createRegistry, type RegistryStores } from '../../../src/index.ts'
import { memoryStores } from '../../../src/kit.ts'
import { afterTest, temporaryFolder } from '../../disk/temporary.ts'
import { clientOf, ociManifest } from '../../http/client.ts'
import { Page } from './page.ts'

/** Calls of all methods of an object, by name. */
function counted<T extends object>(store: T, calls: Map<string, number>): T {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1)
        return value.apply(target, given)
      }
    },
  })
}

test('a folder tells of its names, journal, caches, segments and uploads', async () => {
  const directory = await temporaryFolder()
  const registry = await openRegistry({ directory, maintenance: false })
  afterTest(() => registry.close())
  const set = metricSet()
  storeMetrics(set, { registry, stores: registry.stores })
  const client = clientOf(registry)
  const read = async (): Promise<Page> => new Page(await set.text())

  const image = await client.pushImage('app', 'latest')
  const large = new Uint8Array(100_000)
  await client.pushBlob('app', large)
  for (let times = 0; times < 3; times += 1) {
    await (await client.send('GET', '/v2/app/manifests/latest')).text()
    await (await client.send('GET', `/v2/app/blobs/${image.layer}`)).text()
  }
  const session = await client.openUpload('app')
  await client.send('PATCH', session, { body: 'half' })

  const page = await read()
  expect(page.get('layerdock_repositories')).toBe(1)
  expect(page.get('layerdock_blobs')).toBe(4)
  expect(page.get('layerdock_missing_blobs')).toBe(0)
  expect(page.get('layerdock_journal_bytes')).toBeGreaterThan(500)
  expect(page.get('layerdock_journal_sync_seconds_count')).toBeGreaterThan(3)
  expect(page.get('layerdock_uploads_open')).toBe(1)
  expect(page.get('layerdock_uploads_staged_bytes')).toBe(4)
  expect(page.get('layerdock_cache_requests_total', { cache: 'manifests' })).toBe(3)
  // A manifest that was pushed is in memory already.
  expect(page.get('layerdock_cache_hits_total', { cache: 'manifests' })).toBe(3)
  expect(page.get('layerdock_cache_requests_total', { cache: 'records' })).toBe(3)
  expect(page.get('layerdock_cache_hits_total', { cache: 'records' })).toBe(2)
  expect(page.get('registry_storage_cache_requests_total')).toBe(6)
  expect(page.get('registry_storage_cache_hits_total')).toBe(5)
  const action = (name: string): number =>
    page.get('registry_storage_action_seconds_count', { driver: 'filesystem', action: name })
  expect([action('GetContent'), action('PutContent'), action('Move')]).toEqual([1, 3, 1])
  expect(page.get('layerdock_segments')).toBe(1)
  expect(page.get('layerdock_segment_bytes')).toBeGreaterThan(image.text.length)

  await client.send('DELETE', `/v2/app/manifests/${image.digest}`)
  expect((await read()).get('layerdock_trash_entries')).toBe(1)
})

test('bytes that die in segments are counted, also by the next process, and given back', async () => {
  const directory = await temporaryFolder()
  const limits = { leaseMs: 0, trashMs: 0 }
  const first = await openRegistry({ directory, limits, maintenance: false })
  const pages: Page[] = []
  const look = async (registry: typeof first): Promise<Page> => {
    const set = metricSet()
    storeMetrics(set, { registry, stores: registry.stores })
    return new Page(await set.text())
  }
  const image = await clientOf(first).pushImage('app', 'latest')
  await clientOf(first).send('DELETE', `/v2/app/manifests/${image.digest}`)
  await first.collectGarbage()
  pages.push(await look(first))
  await first.close()
  const second = await openRegistry({ directory, limits, maintenance: false })
  afterTest(() => second.close())
  pages.push(await look(second))
  for (const page of pages) {
    expect(page.get('layerdock_segment_dead_bytes')).toBeGreaterThan(image.text.length)
    expect(page.get('layerdock_segment_dead_bytes')).toBe(page.get('layerdock_segment_bytes'))
  }
  await second.compactBytes()
  const last = await look(second)
  expect(last.get('layerdock_segment_dead_bytes') + last.get('layerdock_segment_bytes')).toBe(0)
  expect(last.get('layerdock_segments')).toBe(0)
  expect(last.get('layerdock_compaction_freed_bytes_total')).toBe(
    pages[1]?.get('layerdock_segment_bytes'),
  )
})

test('a scrape walks over nothing that is stored, however much that is', async () => {
  const calls: Map<string, number> = new Map()
  const own = memoryStores()
  const stores: RegistryStores = {
    metadata: counted(own.metadata, calls),
    blobs: counted(own.blobs, calls),
    uploads: counted(own.uploads, calls),
  }
  const registry = createRegistry({ stores })
  const set = metricSet()
  storeMetrics(set, { registry, stores })
  const client = clientOf(registry)
  const callsOfScrape = async (): Promise<Record<string, number>> => {
    calls.clear()
    await set.text()
    return Object.fromEntries(calls)
  }
  const before = await callsOfScrape()
  for (let index = 0; index < 200; index += 1) {
    await client.pushManifest(`r${index % 20}`, `t${index}`, {
      schemaVersion: 2,
      mediaType: ociManifest,
      config: {
        mediaType: 'application/vnd.oci.empty.v1+json',
        digest: await client.pushBlob(`r${index % 20}`, `${index}`),
        size: `${index}`.length,
      },
      layers: [],
    })
    await client.openUpload(`r${index % 20}`)
  }
  const after = await callsOfScrape()
  expect(after).toEqual(before)
  expect(Object.keys(after).sort()).toEqual(['figures'])
})

test('the condition of each part is that of the last notice', async () => {
  const set = metricSet()
  const onNotice = conditionMetrics(set)
  const now = async (state: string): Promise<readonly string[]> =>
    new Page(await set.text()).values
      .filter(({ labels, value }) => labels.state === state && value === 1)
      .map(({ labels }) => labels.part ?? '')
  expect(await now('ok')).toEqual(['metadata', 'blobs', 'uploads'])
  const full = { kind: 'store-condition', part: 'blobs', reason: null, error: null } as const
  onNotice({ ...full, state: 'full' })
  expect([await now('ok'), await now('full')]).toEqual([['metadata', 'uploads'], ['blobs']])
  onNotice({ ...full, state: 'ok' })
  expect(await now('ok')).toEqual(['metadata', 'blobs', 'uploads'])
})
