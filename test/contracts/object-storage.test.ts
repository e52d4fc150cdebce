import { beforeEach, describe, expect, test } from 'vitest'
import { newUploadId } from '../../src/kit.ts'
import { readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { ObjectBucket, objectsUnder } from '../../src/testing/object-storage/bucket.ts'
import { PartStage } from '../../src/testing/object-storage/stage.ts'

const [id, digest] = [newUploadId(), sampleDigest(1)]
let bucket: ObjectBucket

beforeEach(() => {
  bucket = new ObjectBucket({ minPartBytes: 10, keysPerPage: 2, clock: () => 5 })
})

async function keys(): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of objectsUnder(bucket, '')) found.push(key)
  return found
}

describe('the bucket', () => {
  test('refuses parts that are too small, unless they are the last', async () => {
    const upload = await bucket.createUpload('key')
    const small = { number: 1, etag: await bucket.uploadPart(upload, 1, sampleBytes(9)) }
    const last = { number: 2, etag: await bucket.uploadPart(upload, 2, sampleBytes(1)) }
    await expect(bucket.completeUpload(upload, [small, last])).rejects.toThrow('EntityTooSmall')
    const large = { number: 1, etag: await bucket.uploadPart(upload, 1, sampleBytes(10)) }
    await expect(bucket.completeUpload(upload, [small, last])).rejects.toThrow('InvalidPart')
    const third = { number: 3, etag: await bucket.uploadPart(upload, 3, sampleBytes(10)) }
    await expect(bucket.completeUpload(upload, [third, large])).rejects.toThrow('InvalidPartOrder')
    await expect(bucket.completeUpload(upload, [])).rejects.toThrow('MalformedXML')
    expect(await bucket.head('key')).toBeNull()
    await bucket.completeUpload(upload, [large, last])
    expect(await bucket.head('key')).toEqual({ key: 'key', size: 11, modifiedAt: 5 })
  })

  test('ends an upload when it is complete or aborted', async () => {
    const [one, two] = [await bucket.createUpload('one'), await bucket.createUpload('two')]
    const part = { number: 1, etag: await bucket.uploadPart(one, 1, sampleBytes(3)) }
    await bucket.completeUpload(one, [part])
    await bucket.abortUpload(two)
    for (const upload of [one, two]) {
      await expect(bucket.uploadPart(upload, 2, sampleBytes(3))).rejects.toThrow('NoSuchUpload')
      await expect(bucket.completeUpload(upload, [part])).rejects.toThrow('NoSuchUpload')
    }
  })

  test('shows nothing of an upload that is not complete', async () => {
    await bucket.uploadPart(await bucket.createUpload('key'), 1, sampleBytes(3))
    await expect(bucket.get('key', { start: 0, end: 3 })).rejects.toThrow('NoSuchKey')
    expect(await keys()).toEqual([])
  })
})

describe('a stage in parts', () => {
  test('leaves nothing behind but the blob and its marker', async () => {
    const first = new PartStage(bucket, id, 10)
    await first.write(sampleBytes(12))
    await first.write(sampleBytes(3))
    const second = new PartStage(bucket, id, 10)
    await second.resume(await first.suspend())
    await readAll(second.read())
    const third = new PartStage(bucket, id, 10)
    await third.resume(await second.suspend())
    const blob = await third.commit(digest)
    expect(blob.size).toBe(15)
    expect(await keys()).toEqual([`blobs/${blob.key}/${digest}/15`, `data/${blob.key}`])
    expect(await bucket.listUploads('')).toEqual([])
  })

  test('leaves nothing at all when it is discarded', async () => {
    const stage = new PartStage(bucket, id, 10)
    for (let round = 0; round < 5; round += 1) {
      await stage.write(sampleBytes(13))
      await stage.write(sampleBytes(2))
      await stage.suspend()
      await readAll(stage.read())
    }
    await stage.discard()
    expect(await keys()).toEqual([])
    expect(await bucket.listUploads('')).toEqual([])
  })

  test('spares what an earlier try of the same upload committed', async () => {
    const first = new PartStage(bucket, id, 10)
    await first.write(sampleBytes(12))
    const state = await first.suspend()
    const blob = await first.commit(digest)
    const again = new PartStage(bucket, id, 10)
    await again.resume(state)
    await again.discard()
    expect(await keys()).toEqual([`blobs/${blob.key}/${digest}/12`, `data/${blob.key}`])
  })

  test('sends parts that the bucket takes, however the bytes come', async () => {
    const bytes = sampleBytes(500)
    for (const piece of [1, 3, 10, 11, 499]) {
      const stage = new PartStage(bucket, newUploadId(), 10)
      for (let at = 0; at < 500; at += piece) await stage.write(bytes.slice(at, at + piece))
      const blob = await stage.commit(digest)
      expect(await bucket.get(`data/${blob.key}`, { start: 0, end: 500 })).toEqual(bytes)
    }
  })

  test('cannot get round the rules', async () => {
    const stage = new PartStage(bucket, id, 5)
    await stage.write(sampleBytes(6))
    await stage.write(sampleBytes(6))
    await expect(stage.commit(digest)).rejects.toThrow('EntityTooSmall')
    await stage.discard()
    expect(await keys()).toEqual([])
  })
})
