import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { dial } from '../node-fs/loopback.ts'
import { clientOf } from '../promises/client.ts'
import { head } from '../promises/raw-socket.ts'
import { sampleOf } from '../sample.ts'
import { startProbeAlone } from './start-probe.ts'

/** More than the kernel takes ahead on either side. */
const size = 16 * 1024 * 1024

// Bun is tested beside its clock, in test/bun.
it.each(sampleOf('suites on other runtimes', ['node', 'deno'] as const, 2))(
  'a slow reader has all of a blob on %s, though the server seldom sees it read',
  async (runtime) => {
    const folder = mkdtempSync(join(tmpdir(), 'layerdock-slow-'))
    const directory = join(folder, 'store')
    const before = await startProbeAlone(runtime, { directory })
    const client = clientOf(`http://127.0.0.1:${before.port}`)
    const { digest } = await client.pushBlob('app', new Uint8Array(size))
    await before.stop()
    const timeouts = { stallMs: 100, keepAliveMs: 60_000 }
    const probe = await startProbeAlone(runtime, { directory, timeouts, slowestPull: 100 * 1024 })
    const socket = await dial(probe.port)
    socket.write(head(`GET /v2/app/blobs/${digest} HTTP/1.1`, 'Connection: close'))
    // At this pace the kernel takes more about every 0.7 seconds.
    expect(await readSlowly(socket, 2_000_000)).toBeGreaterThan(size)
    await probe.stop()
    rmSync(folder, { recursive: true })
  },
  120_000,
)

/** Reads to the end, no faster than so many bytes a second; how many came. */
async function readSlowly(socket: Socket, bytesPerSecond: number): Promise<number> {
  let bytes = 0
  for await (const chunk of socket) {
    bytes += chunk.length
    await new Promise((resolve) => setTimeout(resolve, (chunk.length / bytesPerSecond) * 1000))
  }
  return bytes
}
