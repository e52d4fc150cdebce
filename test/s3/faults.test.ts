import { expect, test } from 'vitest'
import { fetchTransport } from '../../adapters/s3/fetch-transport.ts'
import { S3Error, type S3Options, type S3Transport, s3Blobs } from '../../adapters/s3/index.ts'
import { RegistryError } from '../../src/index.ts'
import { type BlobRef, type BlobStore, newUploadId } from '../../src/kit.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { type Fault, type FaultProxy, faultProxy } from '../services/fault-proxy.ts'
import { type ObjectStorage, seaweedfs, versitygw } from '../services/object-storage.ts'
import type { TestService } from '../services/test-service.ts'
import { isFull } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'
import { contentOf, optionsOf } from './bucket-content.ts'

const mib = 1024 * 1024
const digest = sampleDigest(1)
const large = sampleBytes(11 * mib)
const small = large.subarray(0, 50_000)

/** An answer as S3 sends it. */
function refusal(status: string, code: string, headers = ''): string {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>of the test</Message><RequestId>R1</RequestId></Error>`
  return `HTTP/1.1 ${status}\r\nContent-Type: application/xml\r\n${headers}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

/** What may happen to a request, and go well when it is tried again. */
const faults: Readonly<Record<string, Fault>> = {
  'is answered with 500': { kind: 'answer', text: refusal('500 Oh', 'InternalError') },
  'is told to slow down': {
    kind: 'answer',
    text: refusal('503 Busy', 'SlowDown', 'Retry-After: 0\r\n'),
  },
  'is answered by a proxy': {
    kind: 'answer',
    text: 'HTTP/1.1 502 Bad\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry',
  },
  'is reset': { kind: 'reset' },
  'is never answered': { kind: 'hang' },
  'is cut at its first bytes': { kind: 'cut', after: 40, of: 'request' },
  'is cut in its body': { kind: 'cut', after: 30_000, of: 'request' },
  'has its answer cut at its first bytes': { kind: 'cut', after: 10, of: 'answer' },
  'has its answer cut in the body': { kind: 'cut', after: 20_000, of: 'answer' },
  'is carried out and its answer lost': { kind: 'swallow' },
}

/** Calls of S3, as their first bytes tell them. */
const calls = {
  'the writing of an object': /^PUT [^?]* HTTP/,
  'the beginning of an upload': /^POST [^?]*\?uploads=? /,
  'a part': /^PUT [^ ]*partNumber=/,
  'the completion of an upload': /^POST [^ ]*uploadId=/,
  'a look at an object': /^HEAD /,
  'the reading of an object': /^GET [^?]* HTTP/,
  'the deletion of an object': /^DELETE [^?]* HTTP/,
  'a list': /^GET [^ ]*list-type=/,
} as const

/** Of both, what is tried where not everything is. */
const shortFaults = ['is told to slow down', 'is carried out and its answer lost', 'is reset']
const shortCalls = ['a part', 'the reading of an object']

async function push(store: BlobStore, bytes: Uint8Array): Promise<BlobRef> {
  const staged = await store.stage(newUploadId(), {})
  try {
    for (let at = 0; at < bytes.byteLength; at += 65_536) {
      await staged.write(bytes.slice(at, at + 65_536))
    }
    return await staged.commit(digest)
  } catch (error) {
    await staged.discard()
    throw error
  }
}

async function pull(store: BlobStore, blob: BlobRef): Promise<Uint8Array> {
  const open = await store.open(blob)
  if (open === null) throw new Error(`${blob.key} is not there`)
  return readAll(open.stream())
}

/** How long a store waits where a service will not answer. Elsewhere it waits as it does by default: a service may be busy. */
const impatient: Partial<S3Options> = { idleMs: 2000, completeMs: 2000 }

/** Everything a store does. */
async function useAll(store: BlobStore): Promise<void> {
  const blobs = [await push(store, small), await push(store, large)]
  for (const [index, bytes] of [small, large].entries()) {
    const blob = blobs[index] as BlobRef
    expect(Buffer.from(bytes).equals(await pull(store, blob))).toBe(true)
    const open = await store.open(blob, 'anew')
    const part = await readAll(open?.stream({ start: 10, end: 40_010 }) ?? new ReadableStream())
    expect(Buffer.from(bytes.subarray(10, 40_010)).equals(part)).toBe(true)
  }
  const listed: string[] = []
  for await (const { key } of store.list()) listed.push(key)
  expect(listed.sort()).toEqual(blobs.map(({ key }) => key).sort())
  for (const blob of blobs) expect(await store.delete(blob)).toBe(true)
}

function faultsOn(
  name: string,
  service: TestService<ObjectStorage>,
  transport?: () => S3Transport,
): void {
  withServices(`faults before ${name}`, { service }, (running) => {
    const options = optionsOf(() => running.service)

    async function behind(
      proxy: FaultProxy,
      more: Partial<S3Options> = {},
    ): Promise<{ readonly store: BlobStore; readonly given: S3Options }> {
      const given = await options()
      const quick = { longestWaitMs: 20 }
      const endpoint = `http://127.0.0.1:${proxy.port}`
      const over = transport === undefined ? {} : { transport: transport() }
      return { store: s3Blobs({ ...given, ...quick, ...more, ...over, endpoint }), given }
    }

    test.each(isFull ? Object.keys(faults) : shortFaults)(
      'nothing is lost where any call %s',
      async (what) => {
        const fault = faults[what] as Fault
        const proxy = await faultProxy(running.service.port)
        try {
          const { store, given } = await behind(proxy, fault.kind === 'hang' ? impatient : {})
          // Over fetch, a silence lasts as long as the slowest connection would need for the body.
          const takesLong = ['the writing of an object', 'a part']
          const skips = fault.kind === 'hang' && transport !== undefined ? takesLong : []
          const some = Object.entries(calls).filter(([call]) => !skips.includes(call))
          const set = some.map(([, matching]) => proxy.inject(fault, { matching }))
          await useAll(store)
          expect(set.filter(({ happened }) => happened > 0).length).toBe(set.length)
          expect(await contentOf(given)).toEqual({ objects: [], uploads: [] })
          await store.close()
        } finally {
          await proxy.close()
        }
      },
    )

    test.each(isFull ? Object.keys(calls) : shortCalls)(
      '%s that fails for good is told, and leaves nothing',
      async (call) => {
        const proxy = await faultProxy(running.service.port)
        try {
          const { store, given } = await behind(proxy, { retries: 2 })
          const matching = calls[call as keyof typeof calls]
          const text = refusal('503 Busy', 'SlowDown')
          const set = proxy.inject({ kind: 'answer', text }, { matching, times: 1000 })
          const error = await useAll(store).catch((thrown: unknown) => thrown)
          expect(error).toBeInstanceOf(RegistryError)
          expect(error).toMatchObject({
            kind: 'unavailable',
            // A HEAD is answered without a body, so without a code.
            cause: { code: call === 'a look at an object' ? 'HTTP503' : 'SlowDown' },
          })
          expect((error as RegistryError).cause).toBeInstanceOf(S3Error)
          set.remove()
          for await (const found of store.list()) await store.delete(found)
          await useAll(store)
          expect((await contentOf(given)).objects).toEqual([])
          expect((await contentOf(given)).uploads).toEqual([])
          await store.close()
        } finally {
          await proxy.close()
        }
      },
    )

    test('a service that does not answer is told of after two tries', async () => {
      const proxy = await faultProxy(running.service.port)
      try {
        const { store } = await behind(proxy, { idleMs: 300 })
        const blob = await push(store, small)
        const matching = calls['the reading of an object']
        const set = proxy.inject({ kind: 'hang' }, { matching, times: 1000 })
        await expect(store.open(blob)).rejects.toMatchObject({ kind: 'unavailable' })
        expect(set.happened).toBe(2)
        set.remove()
        expect(await pull(store, blob)).toEqual(small)
        await store.close()
      } finally {
        await proxy.close()
      }
    })

    test('a body that is cut again and again is read to its end', async () => {
      const proxy = await faultProxy(running.service.port)
      try {
        const { store } = await behind(proxy)
        const blob = await push(store, large)
        const fault = { kind: 'cut', after: mib, of: 'answer' } as const
        const set = proxy.inject(fault, {
          matching: calls['the reading of an object'],
          times: 1000,
        })
        expect(Buffer.from(large).equals(await pull(store, blob))).toBe(true)
        expect(set.happened).toBeGreaterThan(10)
        await store.close()
      } finally {
        await proxy.close()
      }
    })

    test('a blob that another replaced while it was read is not mixed with it', async () => {
      const proxy = await faultProxy(running.service.port)
      try {
        const { store, given } = await behind(proxy, { conditionalWrites: false })
        const blob = await push(store, large)
        const open = await store.open(blob)
        proxy.inject({ kind: 'cut', after: mib, of: 'answer' })
        const reader = open?.stream().getReader()
        await reader?.read()
        await (s3Blobs(given) as BlobStore).delete(blob)
        proxy.reset()
        const rest = async (): Promise<void> => {
          while (!(await reader?.read())?.done);
        }
        await expect(rest()).rejects.toThrow('gone')
        await store.close()
      } finally {
        await proxy.close()
      }
    })
  })
}

faultsOn('SeaweedFS', seaweedfs)
if (isFull) {
  faultsOn('versitygw', versitygw)
  faultsOn('versitygw, over fetch', versitygw, fetchTransport)
}
