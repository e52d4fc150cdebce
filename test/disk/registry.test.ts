import { appendFile, cp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type DiskRegistry, openRegistry } from '../../adapters/disk/open-registry.ts'
import type { Notice } from '../../src/index.ts'
import type { BlobStore } from '../../src/kit.ts'
import { partStore, sampleBytes } from '../../src/testing/index.ts'
import { digestOfBytes } from '../../src/testing/samples.ts'
import { afterTest, temporaryFolder } from './temporary.ts'

const base = 'http://registry.test/v2/team/app'

async function open(
  options: Partial<Parameters<typeof openRegistry>[0]> & { directory: string },
): Promise<{ registry: DiskRegistry; notices: Notice[] }> {
  const notices: Notice[] = []
  const registry = await openRegistry({
    maintenance: false,
    onNotice: (notice) => notices.push(notice),
    ...options,
  })
  afterTest(() => registry.close().catch(() => {}))
  return { registry, notices }
}

async function send(
  registry: DiskRegistry,
  method: string,
  path: string,
  body?: Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> {
  const init = { method, headers, ...(body === undefined ? {} : { body: new Uint8Array(body) }) }
  return registry.fetch(new Request(new URL(path, `${base}/`), init))
}

/** Pushes a blob in one request; the status. */
async function push(registry: DiskRegistry, bytes: Uint8Array): Promise<number> {
  const digest = await digestOfBytes(bytes)
  return (await send(registry, 'POST', `blobs/uploads/?digest=${digest}`, bytes)).status
}

/** What the registry has of some bytes; null unless it is the bytes. */
async function pull(registry: DiskRegistry, bytes: Uint8Array): Promise<Uint8Array | null> {
  const answer = await send(registry, 'GET', `blobs/${await digestOfBytes(bytes)}`)
  return answer.status === 200 ? new Uint8Array(await answer.arrayBuffer()) : null
}

describe('names on disk, and bytes in a blob store of the program', () => {
  async function reopened(directory: string, blobs: BlobStore): Promise<DiskRegistry> {
    return (await open({ directory, blobs })).registry
  }

  test('outlive a restart, unfinished uploads included', async () => {
    const directory = await temporaryFolder()
    const blobs = partStore({ minPartBytes: 1000, keysPerPage: 3 })
    const [whole, halves] = [sampleBytes(5000, 1), sampleBytes(7777, 2)]
    const first = await reopened(directory, blobs)
    expect(await push(first, whole)).toBe(201)
    const started = await send(first, 'POST', 'blobs/uploads/')
    const location = started.headers.get('location') ?? ''
    expect((await send(first, 'PATCH', location, halves.subarray(0, 4321))).status).toBe(202)
    await first.close()
    expect(await readdir(directory)).not.toContain('blobs')

    const second = await reopened(directory, blobs)
    expect(await pull(second, whole)).toEqual(whole)
    const end = `${location}?digest=${await digestOfBytes(halves)}`
    expect((await send(second, 'PUT', end, halves.subarray(4321))).status).toBe(201)
    expect(await pull(second, halves)).toEqual(halves)
    await second.close()
    await expect(openRegistry({ directory })).rejects.toThrow('the option `blobs`')
  })
})

describe('a registry opened read-only', () => {
  test('serves, refuses what would write, and closes without a complaint', async () => {
    const directory = await temporaryFolder()
    const bytes = sampleBytes(5000)
    const { registry: writer } = await open({ directory })
    expect(await push(writer, bytes)).toBe(201)
    await writer.close()
    const before = await readdir(directory, { recursive: true })

    const { registry, notices } = await open({ directory, readOnly: true })
    expect(await pull(registry, bytes)).toEqual(bytes)
    const head = await send(registry, 'HEAD', `blobs/${await digestOfBytes(bytes)}`)
    expect(head.status).toBe(200)
    expect(await push(registry, sampleBytes(10))).toBe(405)
    await registry.check()
    await registry.close()
    expect(notices).toEqual([])
    expect(await readdir(directory, { recursive: true })).toEqual(before)
  })

  test('serves what a killed process left, and leaves that as it is', async () => {
    const directory = await temporaryFolder()
    const killed = join(await temporaryFolder(), 'killed')
    const bytes = sampleBytes(5000)
    const { registry: writer } = await open({ directory })
    expect(await push(writer, bytes)).toBe(201)
    // Copied while it runs: nothing is sealed yet, and a frame is torn.
    await cp(directory, killed, { recursive: true, filter: (path) => !path.includes('/lock') })
    await appendFile(join(killed, 'journal.0'), '7 100 0a1b')
    const before = await readFile(join(killed, 'journal.0'))

    const { registry } = await open({ directory: killed, readOnly: true })
    expect(await pull(registry, bytes)).toEqual(bytes)
    await registry.close()
    expect(await readFile(join(killed, 'journal.0'))).toEqual(before)
    expect(await readdir(join(killed, 'quarantine'))).toEqual([])
  })

  test('makes the store that is not there yet, and nothing in it', async () => {
    const directory = join(await temporaryFolder(), 'absent')
    const { registry } = await open({ directory, readOnly: true })
    expect((await send(registry, 'GET', 'tags/list')).status).toBe(404)
    expect(await push(registry, sampleBytes(10))).toBe(405)
    expect(registry.status().store.readOnly).toBe(true)
  })
})

test('a folder that is removed under a registry is a 503, and nothing is acknowledged', async () => {
  const directory = await temporaryFolder()
  const bytes = sampleBytes(5000)
  const { registry } = await open({ directory })
  expect(await push(registry, bytes)).toBe(201)
  const blob = `blobs/${await digestOfBytes(bytes)}`
  await rm(directory, { recursive: true })

  await expect(registry.check()).rejects.toMatchObject({ kind: 'unavailable' })
  expect(await push(registry, sampleBytes(10, 2))).toBe(503)
  expect((await send(registry, 'GET', blob)).status).toBe(503)
  expect((await send(registry, 'DELETE', blob)).status).toBe(503)
  expect((await send(registry, 'POST', 'blobs/uploads/')).status).toBe(503)
  // The end fails or not, but it is an end.
  await registry.close().catch(() => {})
})

test('ends idle uploads by itself', async () => {
  const directory = await temporaryFolder()
  await new Promise<void>((resolve, reject) => {
    const opening = openRegistry({
      directory,
      limits: { uploadIdleMs: 1 },
      maintenance: { expireEveryMs: 5 },
      onNotice: ({ kind }) => {
        if (kind === 'upload-expired') resolve()
      },
    })
    opening.then(async (registry) => {
      afterTest(() => registry.close())
      await send(registry, 'POST', 'blobs/uploads/')
    }, reject)
  })
})
