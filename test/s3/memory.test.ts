import { expect, test } from 'vitest'
import {
  type S3Request,
  type S3Response,
  type S3Transport,
  s3Blobs,
} from '../../adapters/s3/index.ts'
import { newUploadId } from '../../src/kit.ts'
import { sampleDigest } from '../../src/testing/index.ts'

const mib = 1024 * 1024
const chunk = new Uint8Array(64 * 1024)
const credentials = { accessKeyId: 'test', secretAccessKey: 'testtest' }

/** A service that takes everything, a part at a time from each of its callers, and tells of every part. */
function takesAll(taken: (bytes: number) => void): S3Transport {
  const sizes: Map<string, number> = new Map()
  const answer = (text: string, headers: Record<string, string> = {}): S3Response => {
    let body: Uint8Array | null = new TextEncoder().encode(text)
    const read = async (): Promise<Uint8Array | null> => {
      const whole = body
      body = null
      return whole
    }
    return { status: 200, header: (name) => headers[name] ?? null, body: { read, cancel() {} } }
  }
  return {
    async send({ url, method, body }: S3Request): Promise<S3Response> {
      await new Promise((resolve) => setImmediate(resolve))
      const size = body.reduce((sum, piece) => sum + piece.byteLength, 0)
      if (url.searchParams.has('uploads')) return answer('<UploadId>u</UploadId>')
      if (url.searchParams.has('partNumber')) {
        sizes.set(url.pathname, (sizes.get(url.pathname) ?? 0) + size)
        taken(size)
        return answer('', { etag: '"e"' })
      }
      if (method === 'HEAD') return answer('', { 'content-length': `${sizes.get(url.pathname)}` })
      return answer('')
    },
    async close() {},
  }
}

test('64 uploads at once hold no more than there is memory for', async () => {
  const bufferBytes = 32 * mib
  let held = 0
  let most = 0
  const transport = takesAll((bytes) => {
    held -= bytes
  })
  const store = s3Blobs({
    bucket: 'images',
    endpoint: 'http://s3.test',
    credentials,
    bufferBytes,
    transport,
  })
  const upload = async (): Promise<number> => {
    const staged = await store.stage(newUploadId(), {})
    for (let at = 0; at < 12 * mib; at += chunk.byteLength) {
      const waits = staged.write(chunk)
      if (waits !== undefined) await waits
      held += chunk.byteLength
      most = Math.max(most, held)
    }
    return (await staged.commit(sampleDigest(1))).size
  }
  const sizes = await Promise.all(Array.from({ length: 64 }, upload))
  expect(new Set(sizes)).toEqual(new Set([12 * mib]))
  expect(held).toBe(0)
  // Beside the budget, each may hold a little for free.
  expect(most).toBeLessThanOrEqual(bufferBytes + 64 * 2 * chunk.byteLength)
  expect(most).toBeGreaterThan(bufferBytes / 2)
})

test('uploads that are given up give their memory back', async () => {
  const transport = takesAll(() => {})
  const options = { bucket: 'images', endpoint: 'http://s3.test', credentials, transport }
  const store = s3Blobs({ ...options, bufferBytes: 5 * mib })
  const holding = await store.stage(newUploadId(), {})
  await holding.write(new Uint8Array(mib))
  const waiting = await store.stage(newUploadId(), {})
  const write = waiting.write(new Uint8Array(mib))
  let isDone = false
  void Promise.resolve(write).then(() => {
    isDone = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(isDone).toBe(false)
  await holding.discard()
  await write
  await waiting.discard()
  const third = await store.stage(newUploadId(), {})
  await third.write(new Uint8Array(6 * mib))
  expect((await third.commit(sampleDigest(1))).size).toBe(6 * mib)
})
