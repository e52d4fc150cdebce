import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { test } from 'vitest'
import { sampleBytes } from '../../src/testing/index.ts'
import { describeEverywhere, digestOf, pushBlob, useProgram } from './harness.ts'

interface Pulled {
  /** Null where the server closed the connection without an answer. */
  readonly status: number | null
  readonly bytes: Uint8Array
  /** Whether the transfer broke off. */
  readonly cut: boolean
}

/** Pulls a blob as a client that checks nothing but the length of what it gets. */
function pull(url: string, digest: string, range?: string): Promise<Pulled> {
  return new Promise((resolve) => {
    const headers = range === undefined ? {} : { Range: range }
    let status: number | null = null
    const chunks: Buffer[] = []
    const end = (cut: boolean): void => resolve({ status, bytes: Buffer.concat(chunks), cut })
    const request = get(`${url}/v2/a/blobs/${digest}`, { headers, agent: false }, (response) => {
      status = response.statusCode ?? null
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('end', () => end(!response.complete))
      response.once('error', () => end(true))
    })
    request.once('error', () => end(true))
  })
}

/** Flips the last bit of every file of blobs, and the last of the newest record. */
function damage(folder: string): void {
  for (const part of ['blobs/sha256', 'segments']) {
    for (const name of readdirSync(join(folder, part))) {
      const path = join(folder, part, name)
      const bytes = readFileSync(path)
      const last = bytes.byteLength - 1
      bytes[last] = (bytes[last] ?? 0) ^ 1
      writeFileSync(path, bytes)
    }
  }
}

describeEverywhere('--verify-reads on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('cuts a pull of wrong bytes before its end, and a push heals them', async ({ expect }) => {
    const folder = cli.folder()
    const server = await cli.serve('--storage-dir', folder, '--verify-reads')
    // Below and above what Bun gathers, and what the disk store puts into one piece.
    const contents = [900, 100_000, 3_000_000].map((size) => sampleBytes(size, size))
    const digests: string[] = []
    for (const bytes of contents) {
      const digest = await pushBlob(server.url, bytes)
      digests.push(digest)
      const { status, bytes: pulled, cut } = await pull(server.url, digest)
      expect({ status, cut, digest: digestOf(pulled) }).toEqual({ status: 200, cut: false, digest })
      const part = await pull(server.url, digest, 'bytes=10-19')
      expect(part).toMatchObject({ status: 206, cut: false })
      expect([...part.bytes]).toEqual([...bytes.subarray(10, 20)])
    }
    server.child.kill('SIGTERM')
    await server.ended
    damage(folder)

    const again = await cli.serve('--storage-dir', folder, '--verify-reads')
    for (const [index, digest] of digests.entries()) {
      const bytes = contents[index] ?? new Uint8Array()
      const { status, cut, bytes: pulled } = await pull(again.url, digest)
      // Wrong bytes that are in memory before the answer begins are a 404 or a 500.
      expect(cut || status === 404 || status === 500, `${bytes.byteLength} bytes`).toBe(true)
      expect(pulled.byteLength).toBeLessThan(bytes.byteLength)
      const head = await fetch(`${again.url}/v2/a/blobs/${digest}`, { method: 'HEAD' })
      expect(head.status).toBe(404)
      await pushBlob(again.url, bytes)
      expect(await pull(again.url, digest)).toMatchObject({ status: 200, cut: false })
    }
  })
})
