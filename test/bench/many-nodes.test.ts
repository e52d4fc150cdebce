import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { balancerConfig } from '../../bench/balancer.mjs'
import { countCalls, kindOfCall } from '../../bench/bucket-calls.mjs'
import { Caller } from '../../bench/caller.mjs'
import { configurations } from '../../bench/configurations.mjs'
import { deploymentsOf, storeName } from '../../bench/deployments.mjs'
import { callCell, fullness, manyNodesPage } from '../../bench/many-nodes-report.mjs'
import { distributionObjects, zotObjects } from '../../bench/seed-bucket.mjs'
import { onBucket, peer } from '../../bench/servers.mjs'
import type { Figures, Run } from '../../bench/types.ts'

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

async function listen(server: Server): Promise<number> {
  open.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

test.each([
  ['PUT', '/b/k', {}, 'PutObject'],
  ['PUT', '/b/k', { 'x-amz-copy-source': 'b/l' }, 'CopyObject'],
  ['PUT', '/b/k?partNumber=1&uploadId=u', {}, 'UploadPart'],
  ['PUT', '/b/k?partNumber=1&uploadId=u', { 'x-amz-copy-source': 'b/l' }, 'UploadPartCopy'],
  ['POST', '/b/k?uploads=', {}, 'CreateMultipartUpload'],
  ['POST', '/b/k?uploadId=u', {}, 'CompleteMultipartUpload'],
  ['POST', '/b?delete=', {}, 'DeleteObjects'],
  ['DELETE', '/b/k', {}, 'DeleteObject'],
  ['DELETE', '/b/k?uploadId=u', {}, 'AbortMultipartUpload'],
  ['HEAD', '/b/k', {}, 'HeadObject'],
  ['GET', '/b/k', {}, 'GetObject'],
  ['GET', '/b?list-type=2&prefix=p', {}, 'ListObjects'],
  ['GET', '/b/k?uploadId=u', {}, 'ListParts'],
  ['GET', '/b?uploads&prefix=p', {}, 'ListMultipartUploads'],
])('%s %s is a call of its kind', (method, url, headers, kind) => {
  expect(kindOfCall(method, url, headers)).toBe(kind)
})

test('the counting proxy changes neither the Host, which is signed, nor the bytes', async () => {
  const seen: unknown[] = []
  const bucket = createServer(async (request, response) => {
    let body = ''
    for await (const bytes of request) body += bytes
    seen.push([request.method, request.url, request.headers.host, body])
    response.writeHead(200, { ETag: '"e"' }).end('content')
  })
  const port = await listen(bucket)
  const proxy = await countCalls(`http://127.0.0.1:${port}`)
  try {
    const put = await fetch(`${proxy.endpoint}/b/k?x=%2F`, { method: 'PUT', body: 'bytes' })
    expect([put.status, put.headers.get('etag'), await put.text()]).toEqual([200, '"e"', 'content'])
    await (await fetch(`${proxy.endpoint}/b/k`)).text()
    expect(seen[0]).toEqual(['PUT', '/b/k?x=%2F', new URL(proxy.endpoint).host, 'bytes'])
    expect(proxy.calls()).toEqual({ PutObject: 1, GetObject: 1 })
  } finally {
    proxy.close()
  }
})

test('a caller asks several ports in turns, and follows where a blob leads', async () => {
  const asked: number[] = []
  const bucket = await listen(
    createServer((_, response) => response.writeHead(200, { 'Content-Length': 3 }).end('abc')),
  )
  const node = (number: number) =>
    listen(
      createServer((_, response) => {
        asked.push(number)
        const Location = `http://127.0.0.1:${bucket}/key?signed`
        response.writeHead(307, { Location, 'Content-Length': 4 }).end('here')
      }),
    )
  const caller = new Caller([await node(1), await node(2)], 'repository')
  const blob = { bytes: 3, digest: 'sha256:0', pieces: () => [] }
  let body = ''
  try {
    for (let n = 0; n < 4; n++) await caller.pullBlob(blob, (bytes) => (body += bytes.toString()))
  } finally {
    caller.close()
  }
  expect(new Set([asked.slice(0, 2).join(), asked.slice(2).join()])).toEqual(
    new Set([asked[0] === 1 ? '1,2' : '2,1']),
  )
  expect(body).toBe('abcabcabcabc')
})

test('each registry is told the bucket, and whether it leads clients there', () => {
  const bucket = {
    endpoint: 'http://127.0.0.1:1',
    ...{ name: 'blobs', prefix: 'p', region: 'us-east-1' },
    ...{ accessKeyId: 'id', secretAccessKey: 'secret' },
  }
  const texts = configurations('/dir', 2, bucket)
  expect(texts['{bucket-config}']).toContain('disable: true')
  expect(texts['{bucket-config}']).toContain('rootdirectory: "/p"')
  expect(texts['{bucket-redirect-config}']).toContain('disable: false')
  expect(JSON.parse(texts['{zot-bucket-redirect-config}'] ?? '').storage).toMatchObject({
    redirectBlobURL: true,
    storageDriver: { name: 's3', regionendpoint: 'http://127.0.0.1:1', bucket: 'blobs' },
  })
  expect(configurations('/dir', 2)['{config}']).toContain('rootdirectory: /dir')
})

test('of other registries, those take part that are known to keep things in a bucket', () => {
  expect(onBucket(peer('zot=/bin/zot'))?.command).toBe('/bin/zot serve {zot-bucket-config}')
  expect(onBucket(peer('zot-commit=/bin/zot'))).toBeNull()
  expect(onBucket(peer('olareg=/bin/olareg'))).toBeNull()
  const peers = ['distribution=/bin/registry', 'olareg=/bin/olareg'].map(peer)
  const names = deploymentsOf({ nodes: [], runtime: 'node', peers }).map(({ name }) => name)
  expect(names).toEqual(['distribution'])
  expect(storeName('/tmp/x/0 layerdock, 3 nodes')).toBe('0-layerdock-3-nodes')
})

test('the balancer sends each request to the next node', () => {
  const text = balancerConfig(1, [2, 3])
  expect(text).toContain('balance roundrobin')
  expect(text).toContain('server node2 127.0.0.1:3')
})

test('tags are written as each registry keeps them', () => {
  const keys = [...distributionObjects(['t-1', 't-2'])].map(([key]) => key)
  expect(keys.at(-1)).toMatch(/repositories\/bench\/large\/_manifests\/tags\/t-2\/current\/link$/)
  const [key, content] = [...zotObjects(['t-1', 't-2'])].at(-1) ?? ['', '{}']
  expect(key).toBe('bench/large/index.json')
  expect(JSON.parse(content).manifests[1].annotations).toEqual({
    'org.opencontainers.image.ref.name': 't-2',
  })
})

const figures: Figures = {
  operations: 100,
  seconds: 1,
  rate: 100,
  p99Ms: 5,
  serverCpuSeconds: 0.19,
  databaseCpuSeconds: 0.1,
  bucketCpuSeconds: 0.05,
  clientCpuSeconds: 0.1,
  otherCpuSeconds: 0,
}

test('calls are those of one operation, and what came once is left out', () => {
  const counted: Figures = { ...figures, sqlStatements: 250 }
  expect(callCell({ ...counted, ...{ PutObject: 100, GetObject: 30, ListParts: 1 } })).toBe(
    '**1.3 S3** (1 PutObject, 0.3 GetObject), **2.5 SQL**',
  )
  expect(callCell(figures)).toBe('**0 S3**')
  expect(callCell({ failed: 'no' })).toBe('failed')
})

test('it says what was full', () => {
  expect(fullness(figures, 1, 0.2, 2)).toContain('nodes 95 %')
  expect(fullness(figures, 1, 0.2, 2)).toContain('full: the nodes')
  expect(fullness(figures, 3, 0.2, 2)).toContain('full: nothing')
  expect(fullness({ ...figures, otherCpuSeconds: 1.5 }, 3, 0.2, 2)).toContain('full: the machine')
})

test('the page has a table of ratios, bold where the goal is reached', () => {
  const run: Run = {
    ...{ command: 'node bench/many-nodes.mjs', date: '2026-11-27', machine: '2 × test' },
    ...{ versions: ['PostgreSQL 15.18'], rounds: 1, quick: false, idle: {} },
    servers: [
      { name: 'three', kind: 'layerdock', runtime: 'node', syncs: 'database and bucket' },
      { name: 'one', kind: 'layerdock', runtime: 'node', syncs: 'database and bucket' },
      { name: 'other', kind: 'peer', runtime: null, syncs: 'bucket' },
    ],
    scenarios: [
      { id: 'manifest-get', title: 'GET', unit: '/s' },
      { id: 'manifest-push', title: 'push', unit: '/s' },
    ],
    cells: {
      'manifest-get': { three: [{ ...figures, rate: 300 }], one: [figures], other: [figures] },
      'manifest-push': { three: [{ ...figures, rate: 300 }], one: [figures], other: [figures] },
    },
  }
  const calls = { 'manifest-get': { one: { ...figures, sqlStatements: 100 }, other: figures } }
  const growth = { share: 0.2, cores: 2, cells: { 'manifest-get': { 1: [figures] } } }
  const text = manyNodesPage({ run, load: [1, 2.04], tags: 1000, calls, growth })
  expect(text).toContain('The load was 1.0 before and 2.0 after')
  expect(text).toContain('| GET | **3.00** | **1.00** | 3.00 |')
  expect(text).toContain('| push | 3.00 | 1.00 | 3.00 |')
  expect(text).toContain('| GET | **0 S3**, **1 SQL** | **0 S3** |')
  expect(text).toContain('100 (1,900 + 1,000 + 500 µs; 5.00 ms)')
  expect(text).toContain('full: the nodes')
})
