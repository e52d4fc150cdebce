import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runtimes, startServer } from '../../conformance/servers.mjs'
import { dial, readAll, readUntil } from '../node-fs/loopback.ts'
import { clientOf } from '../promises/client.ts'
import { head } from '../promises/raw-socket.ts'
import { holdsItsConnections } from '../runtimes/connections.ts'
import { startProbeAlone } from '../runtimes/start-probe.ts'
import { isFull } from '../services/test-service.ts'

it.concurrent('a pull may pause for as long as it may stall, however soon a head has to be there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'layerdock-bun-'))
  const timeouts = { headersMs: 1_000, stallMs: 60_000 }
  const probe = await startProbeAlone('bun', { directory: join(folder, 'store'), timeouts })
  // More than the kernel takes ahead on either side.
  const bytes = new Uint8Array(16 * 1024 * 1024).fill(7)
  const { digest } = await clientOf(`http://127.0.0.1:${probe.port}`).pushBlob('app', bytes)
  // The shortest time that Bun knows is over after three ticks of its clock.
  expect(await readWithPause(probe.port, digest, 14_000)).toBeGreaterThan(15 * 1024 * 1024)
  await probe.stop()
  rmSync(folder, { recursive: true })
})

/** Pauses a pull for so long, then reads the rest; how much came. */
async function readWithPause(port: number, digest: string, milliseconds: number): Promise<number> {
  const socket = await dial(port)
  socket.write(head(`GET /v2/app/blobs/${digest} HTTP/1.1`, 'Connection: close'))
  await readUntil(socket, '\r\n\r\n')
  socket.pause()
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
  const rest = readAll(socket)
  socket.resume()
  return (await rest).length
}

// It waits half a minute.
it.runIf(process.platform === 'linux' && isFull)(
  'a pull that seems not to be read is kept for as long as the slowest reader needs',
  { concurrent: true },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'layerdock-bun-'))
    const options = { timeouts: { stallMs: 8_000 } }
    const bytes = new Uint8Array(16 * 1024 * 1024).fill(7)
    const isKept = async (slowestPull: number): Promise<boolean> => {
      const directory = join(folder, `store-${slowestPull}`)
      const probe = await startProbeAlone('bun', { ...options, directory, slowestPull })
      const { digest } = await clientOf(`http://127.0.0.1:${probe.port}`).pushBlob('app', bytes)
      // More than twice what Bun's clock would let pass.
      const count = await readWithPause(probe.port, digest, 25_000)
      await probe.stop()
      return count > 15 * 1024 * 1024
    }
    expect(await Promise.all([1024, 1024 * 1024].map(isKept))).toEqual([true, false])
    rmSync(folder, { recursive: true })
  },
)

it.runIf(process.platform === 'linux')(
  'a view of the page that waits for changes is kept, however short the clock',
  { concurrent: true },
  async () => {
    const { entry = '', find } = runtimes.bun ?? {}
    const { command = [] } = find?.('current') ?? {}
    const args = ['--stall-timeout', '8s', '--keep-alive-timeout', '8s']
    const server = await startServer({ command, entry, store: 'memory', dir: '', args })
    const socket = await dial(Number(server.host.split(':').at(-1)))
    socket.write(head('GET /_layerdock/events HTTP/1.1'))
    // A sign of life comes every 15 seconds.
    expect(await readUntil(socket, 'still here')).toContain('still here')
    socket.destroy()
    await server.kill()
  },
)

it.concurrent('a client that waits for 100 Continue in vain is cut soon, not left to wait', async () => {
  const probe = await startProbeAlone('bun', { timeouts: { stallMs: 255_000 } })
  const socket = await dial(probe.port)
  socket.write(head('PUT /v2/a/manifests/b HTTP/1.1', 'Content-Length: 5', 'Expect: 100-Continue'))
  expect(await readAll(socket)).toBe('')
  await probe.stop()
})

// After the others, since it begins with tests that wait as well. Bun's clock ticks every four seconds, and waits
// three ticks for the first request.
holdsItsConnections('bun', 14_000)
