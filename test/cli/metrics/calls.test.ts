import { join } from 'node:path'
import { expect, test } from 'vitest'
import { measuredCalls } from '../../../adapters/cli/metrics/measured-calls.ts'
import { metricSet } from '../../../adapters/cli/metrics/metric-set.ts'
import { type S3Transport, s3Blobs } from '../../../adapters/s3/index.ts'
import { sampleDigest } from '../../../src/testing/index.ts'
import { postgresAlone } from '../../services/postgres.ts'
import { withServices } from '../../services/with-services.ts'
import { pushImage } from '../admin/images.ts'
import { useProgram } from '../harness.ts'
import { Page } from './page.ts'
import { listenerOf, pageAt } from './served-page.ts'

withServices('calls of a database', { postgres: postgresAlone }, (running) => {
  const cli = useProgram()

  test('are counted by what they are for, with the sessions of all nodes', async () => {
    const place = ['--database', await running.postgres.database()]
    place.push('--storage-dir', join(cli.folder(), 'bytes'))
    const server = await cli.serve(...place, '--metrics-listen', '127.0.0.1:0')
    const at = await listenerOf(server)
    await pushImage(server.url, 'app', 'x', 'latest')
    await (await fetch(`${server.url}/v2/app/manifests/latest`)).text()
    await fetch(`${server.url}/v2/app/blobs/uploads/`, { method: 'POST' })
    const page = await pageAt(at)
    const calls = (operation: string): number =>
      page.get('layerdock_sql_call_seconds_count', { operation })
    expect([calls('putManifest'), calls('resolveTag')]).toEqual([1, 1])
    expect(calls('linkBlob')).toBe(2)
    expect(page.get('layerdock_sql_statements_total', { kind: 'transaction' })).toBeGreaterThan(2)
    expect(page.get('layerdock_sql_errors_total')).toBe(0)
    expect(page.get('layerdock_uploads_open')).toBe(1)
    // What only a walk could tell is left out.
    expect(page.values.some(({ name }) => name === 'layerdock_repositories')).toBe(false)

    await running.postgres.halt()
    const refused = await fetch(`${server.url}/v2/app/manifests/latest`)
    expect(refused.status).toBe(503)
    const later = await pageAt(at)
    expect(later.get('layerdock_sql_errors_total', { operation: 'resolveTag' })).toBe(1)
    expect(later.values.some(({ name }) => name === 'layerdock_uploads_open')).toBe(false)
    await running.postgres.resume()
  })
})

test('calls of a bucket are counted by their name, and what failed', async () => {
  const set = metricSet()
  const answers = [404, 500, 200, 403]
  const transport: S3Transport = {
    async send() {
      const status = answers.shift()
      if (status === undefined) throw new Error('no answer')
      const text = status === 404 ? '<Error><Code>NoSuchKey</Code></Error>' : ''
      const chunks = [new TextEncoder().encode(text)]
      return {
        status,
        header: () => null,
        body: { read: async () => chunks.pop() ?? null, cancel() {} },
      }
    },
    async close() {},
  }
  const store = s3Blobs({
    bucket: 'images',
    endpoint: 'http://s3.test',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    transport,
    retries: 1,
    longestWaitMs: 1,
    onCall: measuredCalls(set).s3,
  })
  const blob = { digest: sampleDigest(1), size: 5, key: '0f/00000000000000000000000000' }
  expect(await store.open(blob)).toBe(null)
  await store.check()
  await expect(store.check()).rejects.toThrow()
  await expect(store.delete(blob)).rejects.toThrow()
  const page = new Page(await set.text())
  const value = (name: string, operation: string): number =>
    page.get(`layerdock_s3_${name}`, { operation })
  expect([value('call_seconds_count', 'GetObject'), value('errors_total', 'GetObject')]).toEqual([
    1, 0,
  ])
  const list = 'ListObjectsV2'
  expect([value('call_seconds_count', list), value('errors_total', list)]).toEqual([3, 2])
  expect(value('errors_total', 'HeadObject')).toBe(2)
  const ofList = { driver: 's3aws', action: 'List' }
  expect(page.get('registry_storage_action_seconds_count', ofList)).toBe(3)
})
