import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDiskStore } from '../../adapters/disk/store.ts'
import {
  type RunningServer,
  runtimes,
  startProgram,
  startServer,
} from '../../conformance/servers.mjs'
import { compileProgram, type Program } from '../cli/program.ts'
import { clientOf, digestOf } from '../promises/client.ts'
import { sampleOf } from '../sample.ts'

const names = ['node', 'bun', 'deno'] as const
type Name = (typeof names)[number]
const everyPair = names.flatMap((one) =>
  names.filter((other) => other !== one).map((other) => [one, other] as const),
)
/** Each runtime once. */
const pairs = sampleOf('pairs of runtimes', everyPair, 3)

let program: Program
let top: string
const running: Set<RunningServer> = new Set()

beforeAll(async () => {
  program = await compileProgram()
  top = await mkdtemp(join(tmpdir(), 'layerdock-shared-'))
})
afterAll(async () => {
  for (const server of running) await server.kill()
  program?.remove()
  await rm(top, { recursive: true, force: true })
})

const folder = (): Promise<string> => mkdtemp(join(top, 'store-'))

async function serve(runtime: Name, dir: string): Promise<RunningServer> {
  const server = await started(runtime, dir)
  running.add(server)
  return server
}

function started(runtime: Name, dir: string): Promise<RunningServer> {
  if (runtime === 'node') {
    const words = ['serve', '--listen', '127.0.0.1:0', '--storage-dir', dir]
    return startProgram(process.execPath, [program.entry, ...words])
  }
  const { entry = '', find } = runtimes[runtime] ?? {}
  const { command = [] } = find?.('current') ?? {}
  return startServer({ command, entry, store: 'disk', dir })
}

async function end(server: RunningServer, how: 'stop' | 'kill'): Promise<void> {
  await server[how]()
  running.delete(server)
}

describe('a store that one runtime wrote', () => {
  test.each(pairs)('on %s can be read and changed on %s', async (writer, reader) => {
    const dir = await folder()
    const layer = crypto.getRandomValues(new Uint8Array(60_000))
    const whole = new TextEncoder().encode('half now, half later')
    const digest = digestOf(whole)

    const first = await serve(writer, dir)
    const before = clientOf(`http://${first.host}`)
    const blob = await before.pushBlob('team/app', layer)
    const image = await before.pushImage('team/app', 'latest', { layers: [blob] })
    const opened = await before.send('POST', '/v2/team/app/blobs/uploads/')
    const session = opened.headers.get('location') ?? ''
    const half = await before.send('PATCH', session, { body: whole.subarray(0, 10) })
    expect(half.status).toBe(202)
    await end(first, 'stop')

    const second = await serve(reader, dir)
    const after = clientOf(`http://${second.host}`)
    const manifest = await after.send('GET', '/v2/team/app/manifests/latest')
    expect(manifest.headers.get('docker-content-digest')).toBe(image.digest)
    expect(new Uint8Array(await manifest.arrayBuffer())).toEqual(image.bytes)
    const read = await after.send('GET', `/v2/team/app/blobs/${blob.digest}`)
    expect(digestOf(new Uint8Array(await read.arrayBuffer()))).toBe(blob.digest)
    const rest = await after.send('PUT', `${session}?digest=${digest}`, {
      body: whole.subarray(10),
    })
    expect(rest.status).toBe(201)
    const finished = await after.send('GET', `/v2/team/app/blobs/${digest}`)
    expect(await finished.text()).toBe('half now, half later')
    await end(second, 'kill')
  })
})

describe.each(['flock', 'socket'] as const)('a folder locked with %s', (lock) => {
  test.each(sampleOf('pairs of runtimes', pairs, 2))(
    'by %s is refused to %s, until a kill frees it',
    async (holder, other) => {
      const dir = await folder()
      await (await openDiskStore({ directory: dir, lock })).close()
      const first = await serve(holder, dir)
      await clientOf(`http://${first.host}`).pushImage('app', 'kept')
      await expect(started(other, dir)).rejects.toThrow('another Layerdock is using this folder')
      await end(first, 'kill')
      const second = await serve(other, dir)
      const read = await clientOf(`http://${second.host}`).send('GET', '/v2/app/manifests/kept')
      expect(read.status).toBe(200)
      await end(second, 'kill')
    },
  )
})
