import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { everyRuntime, startServer } from '../cli/program.ts'
import { clientOf } from '../http/client.ts'
import { seaweedfs } from '../services/object-storage.ts'
import { postgres } from '../services/postgres.ts'
import { isFull } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'
import { type ExportedSpan, startOtlpReceiver } from './otlp-receiver.ts'
import { withSdk } from './with-sdk.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const runtimes = isFull ? everyRuntime : (['node'] as const)

withServices('a push to a database and a bucket', { postgres, storage: seaweedfs }, (running) => {
  const ended: Array<() => unknown> = []
  afterAll(async () => {
    for (const end of ended) await end()
  })

  test.each(runtimes)('is one trace down to their calls on %s', async (runtime) => {
    const receiver = await startOtlpReceiver()
    const program = await withSdk(runtime, receiver.url)
    ended.push(() => program.remove(), receiver.close)
    const folder = program.folder()
    const { accessKeyId, secretAccessKey, endpoint } = running.storage
    const keys = join(folder, 'keys')
    writeFileSync(
      keys,
      `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    )
    const bucket = `s3://${await running.storage.bucket()}/${runtime}`
    const server = await startServer(
      program,
      ...['--database', await running.postgres.database()],
      ...['--bucket', `${bucket}?endpoint=${encodeURIComponent(endpoint)}`],
      ...['--bucket-credentials-file', keys],
      // Bytes of a small blob are a row otherwise.
      ...['--small-blobs', '1'],
    )
    try {
      const headers = { traceparent: `00-${traceId}-${spanId}-01` }
      const overTheWire = {
        fetch: (request: Request) =>
          fetch(new Request(request.url.replace('http://registry.test', server.url), request)),
      }
      await clientOf(overTheWire, headers).pushImage('app', 'v1')
      const ours = (spans: readonly ExportedSpan[]): readonly ExportedSpan[] =>
        spans.filter((span) => span.scope === 'layerdock' && span.traceId === traceId)
      const last = 'PUT /v2/<name>/manifests/<reference>'
      const spans = ours(await receiver.until((all) => ours(all).some(({ name }) => name === last)))
      const byId = new Map(spans.map((span) => [span.spanId, span]))
      /** The names from the request's span down to a span. */
      const wayTo = ({ name, parentSpanId }: ExportedSpan): readonly string[] => {
        const parent = byId.get(parentSpanId)
        if (parent === undefined) return parentSpanId === spanId ? [name] : ['of no request', name]
        return [...wayTo(parent), name]
      }
      const ways = spans.map((span) => wayTo(span).join(' > '))
      expect(ways.filter((way) => way.startsWith('of no request'))).toEqual([])
      expect(ways).toContain(`${last} > service.putManifest > metadata.putManifest`)
      const put = ways.filter((way) => way.endsWith('s3.PutObject'))
      // The config, the layer, and the manifest.
      expect(put.length).toBeGreaterThanOrEqual(3)
      for (const way of put)
        expect(way).toMatch(/^P\w+ \S+ > service\.\w+ > blobs\.\w+ > s3\.PutObject$/)
    } finally {
      server.child.kill('SIGTERM')
      expect((await server.ended).code).toBe(0)
    }
  })
})
