import { expect, test } from 'vitest'
import { maintenanceMetrics } from '../../../adapters/cli/metrics/maintenance.ts'
import { metricSet } from '../../../adapters/cli/metrics/metric-set.ts'
import { createRegistry, type Notice } from '../../../src/index.ts'
import { clientOf } from '../../http/client.ts'
import { Page } from './page.ts'

test('what a collection freed is counted', async () => {
  const set = metricSet()
  const { onNotice } = maintenanceMetrics(set)
  const registry = createRegistry({ onNotice, limits: { leaseMs: 0, trashMs: 0 } })
  const client = clientOf(registry)
  expect(new Page(await set.text()).types.get('layerdock_last_collection_timestamp_seconds')).toBe(
    'gauge',
  )
  expect(
    new Page(await set.text()).values.some(({ name }) => name.includes('last_collection')),
  ).toBe(false)
  const { digest, text } = await client.pushImage('app', 'latest')
  await client.send('DELETE', `/v2/app/manifests/${digest}`)
  await registry.collectGarbage()
  await registry.collectGarbage()
  const page = new Page(await set.text())
  expect(page.get('layerdock_collections_total', { result: 'complete' })).toBe(2)
  expect(page.get('layerdock_collection_freed_blobs_total')).toBe(3)
  expect(page.get('layerdock_collection_freed_bytes_total')).toBeGreaterThan(text.length)
  expect(page.get('layerdock_last_collection_timestamp_seconds')).toBeGreaterThan(1.7e9)
})

test('runs of retention, verifications and what fails are counted', async () => {
  const set = metricSet()
  const { onNotice, onRetention, onVerified, onProblem } = maintenanceMetrics(set)
  onRetention({ tags: 3, manifests: 2, repositories: 0 })
  onProblem({ kind: 'damaged' })
  const progress = { phase: 'names', manifests: 1, digests: 1, bytes: 100, problems: 1 } as const
  const rest = { repaired: 1, passing: 0, unnamed: 0, unnamedBytes: 0 }
  onVerified({ ...progress, ...rest, total: { digests: 1, bytes: 100 }, sound: true })
  const error = new Error()
  const notices: Notice[] = [
    { kind: 'background-failure', task: 'retention', error, retried: true },
    { kind: 'failure', requestId: '', method: 'GET', path: '/', error },
    { kind: 'store-read-only', error },
    { kind: 'bytes-swept', key: 'k', size: 5 },
  ]
  for (const notice of notices) onNotice(notice)
  for (let index = 0; index < 500; index += 1) {
    onNotice({ kind: 'background-failure', task: `task ${index}`, error, retried: true })
  }
  const page = new Page(await set.text())
  const value = (name: string, labels = {}): number => page.get(`layerdock_${name}`, labels)
  expect(value('retention_runs_total', { result: 'complete' })).toBe(1)
  expect(value('retention_runs_total', { result: 'failed' })).toBe(1)
  expect(value('retention_deleted_total', { what: 'tags' })).toBe(3)
  expect(value('verify_passes_total', { result: 'sound' })).toBe(1)
  expect(value('verify_problems_total', { kind: 'damaged' })).toBe(1)
  expect(value('verify_bytes_total')).toBe(100)
  expect(value('failures_total', { kind: 'store-read-only' })).toBe(1)
  expect(value('failures_total', { kind: 'background-failure' })).toBe(501)
  expect(value('background_failures_total', { task: 'other' })).toBe(451)
  expect(value('swept_bytes_total')).toBe(5)
})
