import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openBytes } from '../../adapters/disk/bytes-blob.ts'
import { openRegistry } from '../../adapters/disk/open-registry.ts'
import { RecordCache } from '../../adapters/disk/segments/record-cache.ts'
import { parseSegmentKey, type RecordPlace } from '../../adapters/disk/segments/segment-key.ts'
import type { DiskStore } from '../../adapters/disk/store.ts'
import { type BlobRef, newUploadId } from '../../src/kit.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { digestOfBytes } from '../../src/testing/samples.ts'
import { afterTest, openStore, temporaryFolder } from './temporary.ts'

async function put(store: DiskStore, bytes: Uint8Array): Promise<BlobRef> {
  const staged = await store.blobs.stage(newUploadId(), {})
  await staged.write(bytes.slice())
  return await staged.commit(sampleDigest(1))
}

async function read(store: DiskStore, ref: BlobRef, how?: 'anew'): Promise<unknown> {
  const open = await store.blobs.open(ref, how)
  return open === null ? null : await readAll(open.stream())
}

/** Flips the last bit of a segment: of the content of its last record. */
async function damage(directory: string, key: string): Promise<void> {
  const path = join(directory, 'segments', parseSegmentKey(key)?.segment ?? '')
  const bytes = await readFile(path)
  bytes[bytes.byteLength - 1] = (bytes.at(-1) ?? 0) ^ 1
  await writeFile(path, bytes)
}

describe('small blobs that were read lately', () => {
  test('are served from memory, and looked at again where it is asked for', async () => {
    const directory = await temporaryFolder()
    const store = await openStore({ directory })
    const bytes = sampleBytes(500)
    const ref = await put(store, bytes)
    expect(await read(store, ref)).toEqual(bytes)
    await damage(directory, ref.key)
    expect(await read(store, ref)).toEqual(bytes)
    expect(await read(store, ref)).toEqual(bytes)
    expect(await read(store, ref, 'anew')).toBeNull()
  })

  test('are read each time where there is no memory for them', async () => {
    const directory = await temporaryFolder()
    const store = await openStore({ directory, cacheBytes: 0 })
    const ref = await put(store, sampleBytes(500))
    expect(await read(store, ref)).toEqual(sampleBytes(500))
    await damage(directory, ref.key)
    expect(await read(store, ref)).toBeNull()
  })

  test('are gone once they are deleted, and once their segment is', async () => {
    const store = await openStore()
    const refs = [await put(store, sampleBytes(500)), await put(store, sampleBytes(400))]
    for (const ref of refs) expect(await read(store, ref)).not.toBeNull()
    for (const ref of refs) expect(await store.blobs.delete(ref)).toBe(true)
    for (const ref of refs) expect(await read(store, ref)).toBeNull()
    await store.blobs.compact?.(async () => {})
    for (const ref of refs) expect(await read(store, ref)).toBeNull()
  })

  test('are not what another digest or size of the same key stands for', async () => {
    const store = await openStore()
    const ref = await put(store, sampleBytes(500))
    expect(await read(store, ref)).not.toBeNull()
    expect(await read(store, { ...ref, digest: sampleDigest(2) })).toBeNull()
    expect(await read(store, { ...ref, size: 499 })).toBeNull()
  })

  test('do not keep a push from healing a damaged record', async () => {
    const directory = await temporaryFolder()
    const bytes = sampleBytes(500)
    const path = `blobs/${await digestOfBytes(bytes)}`
    let key = ''
    const open = async (): Promise<{
      send(method: string, path: string): Promise<Response>
      close(): Promise<void>
    }> => {
      const registry = await openRegistry({
        directory,
        onNotice: (notice) => {
          if (notice.kind === 'bytes-missing') key = notice.key
        },
      })
      afterTest(() => registry.close())
      return {
        send: async (method, path) => {
          const init = { method, ...(method === 'POST' ? { body: bytes.slice() } : {}) }
          return await registry.fetch(new Request(`http://registry.test/v2/app/${path}`, init))
        },
        close: () => registry.close(),
      }
    }
    const one = await open()
    const push = path.replace('blobs/', 'blobs/uploads/?digest=')
    expect((await one.send('POST', push)).status).toBe(201)
    const first = await one.send('GET', path)
    expect(new Uint8Array(await first.arrayBuffer())).toEqual(bytes)
    const store = JSON.stringify(await readFile(join(directory, 'journal.0'), 'utf8'))
    await damage(directory, /segments\/[^"\\]+/.exec(store)?.[0] ?? '')
    expect((await one.send('GET', path)).status).toBe(200)
    expect((await one.send('POST', push)).status).toBe(201)
    expect(key).toMatch(/^segments\//)
    await one.close()
    const two = await open()
    const last = await two.send('GET', path)
    expect(new Uint8Array(await last.arrayBuffer())).toEqual(bytes)
  })
})

describe('the memory for small blobs', () => {
  const place: RecordPlace = { segment: '00000000-00000000' as never, offset: 0, size: 0 }
  const refOf = (number: number, size: number): BlobRef => ({
    digest: sampleDigest(number),
    key: `${number}`,
    size,
  })

  test('lets go of what was used least lately', () => {
    const cache = new RecordCache(5000)
    const refs = [1, 2, 3].map((number) => refOf(number, 1000))
    const open = openBytes(sampleBytes(1000))
    for (const ref of refs) cache.put({ ref, place, open })
    expect(cache.get(refOf(1, 1000))?.open).toBe(open)
    cache.put({ ref: refOf(4, 1000), place, open })
    expect(cache.get(refOf(2, 1000))).toBeNull()
    for (const number of [1, 3, 4]) expect(cache.get(refOf(number, 1000))).not.toBeNull()
  })

  test('never holds more than its budget', () => {
    const step = fc.record({ number: fc.nat(12), size: fc.nat(1200) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = new RecordCache(3000)
        for (const { number, size } of steps) {
          cache.put({ ref: refOf(number, size), place, open: openBytes(sampleBytes(size)) })
        }
        const held = steps.map(({ number, size }) => cache.get(refOf(number, size)))
        const sizes = new Map(held.flatMap((each) => (each ? [[each.ref.key, each.ref.size]] : [])))
        expect([...sizes.values()].reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(3000)
      }),
    )
  })
})
