import { afterAll, beforeAll, describe, test } from 'vitest'
import { entries, type Program, startServer } from '../cli/program.ts'
import { clientOf } from '../http/client.ts'
import { someRuntimes } from '../on-runtimes.ts'
import { type ExportedSpan, type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts'
import { withSdk } from './with-sdk.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

/** Every process brings a runtime of its own, and they mostly wait. */
describe.concurrent.each(someRuntimes('runtimes'))('examples/tracing on %s', (runtime) => {
  let receiver: OtlpReceiver
  let program: Program
  beforeAll(async () => {
    receiver = await startOtlpReceiver()
    program = await withSdk(runtime, receiver.url)
  })
  afterAll(async () => {
    program.remove()
    await receiver.close()
  })

  test('an OTLP receiver sees a push as one trace, and other requests as traces of their own', async ({
    expect,
  }) => {
    const server = await startServer(program, '--storage-dir', program.folder())
    try {
      const overTheWire = {
        fetch: (request: Request) =>
          fetch(new Request(request.url.replace('http://registry.test', server.url), request)),
      }
      const traceparent = `00-${traceId}-${spanId}-01`
      const headers = { traceparent, Authorization: 'Basic canary' }
      await clientOf(overTheWire, headers).pushImage('app', 'v1')
      await (await fetch(`${server.url}/v2/app/tags/list?token=canary`)).text()
      const isOurs = ({ scope }: ExportedSpan): boolean => scope === 'layerdock'
      const named = (name: string) => (spans: readonly ExportedSpan[]) =>
        spans.filter(isOurs).some((span) => span.name === name)
      const list = 'GET /v2/<name>/tags/list'
      await receiver.until(named('PUT /v2/<name>/manifests/<reference>'))
      const spans = (await receiver.until(named(list))).filter(isOurs)
      const pushed = spans.filter((span) => span.traceId === traceId)
      const requests = pushed.filter(({ parentSpanId }) => parentSpanId === spanId)
      expect(requests.map(({ name }) => name)).toEqual([
        'POST /v2/<name>/blobs/uploads',
        'PUT /v2/<name>/blobs/uploads/<id>',
        'POST /v2/<name>/blobs/uploads',
        'PUT /v2/<name>/blobs/uploads/<id>',
        'PUT /v2/<name>/manifests/<reference>',
      ])
      expect(new Set(requests.map(({ kind }) => kind))).toEqual(new Set([2]))
      const put = requests.at(-1)
      const service = pushed.find(({ parentSpanId }) => parentSpanId === put?.spanId)
      expect(service).toMatchObject({ name: 'service.putManifest' })
      const stores = pushed.filter(({ parentSpanId }) => parentSpanId === service?.spanId)
      expect(stores.map(({ name }) => name)).toContain('metadata.putManifest')
      const own = spans.find(({ name }) => name === list)
      expect(own?.parentSpanId).toBe('')
      expect(own?.traceId).not.toBe(traceId)
      // Deno makes spans of its own beside ours, and those have the whole URL.
      const told = runtime === 'deno' ? JSON.stringify(spans) : receiver.text()
      expect(told).not.toContain('canary')
    } finally {
      server.child.kill('SIGTERM')
      const { code, out } = await server.ended
      expect(code).toBe(0)
      const lines = entries(out).filter((line) => line.traceId === traceId)
      expect(lines.map(({ msg }) => msg)).toContain('pushed')
      expect(lines.filter(({ msg }) => msg === 'request')).toHaveLength(5)
      expect(lines).toContainEqual(expect.objectContaining({ spanId: expect.any(String) }))
    }
  })
})
