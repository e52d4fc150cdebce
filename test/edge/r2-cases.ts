import type { BlobRef, BlobStore } from '../../src/kit.ts'
import { newUploadId } from '../../src/kit.ts'
import { equals, holds } from '../../src/testing/contract.ts'
import { sampleBytes, sampleDigest } from '../../src/testing/samples.ts'

/** What the cases are made with, inside the runtime. */
export interface R2Makers {
  readonly bucket: R2Bucket
  readonly blobs: BlobStore
  sweep(
    before: number,
    unnamed: (blobs: readonly BlobRef[]) => Promise<readonly BlobRef[]>,
  ): Promise<number>
}

/** A test of the store in R2 that goes beyond its contract. Parts have 1000 bytes. */
export interface R2Case {
  readonly name: string
  run(makers: R2Makers): Promise<void>
}

async function put(store: BlobStore, number: number, size = 100): Promise<BlobRef> {
  const staged = await store.stage(newUploadId(), {})
  await staged.write(sampleBytes(size, number))
  return await staged.commit(sampleDigest(number))
}

async function keysOf(bucket: R2Bucket): Promise<string[]> {
  return (await bucket.list({ prefix: '' })).objects.map(({ key }) => key)
}

export const r2Cases: readonly R2Case[] = [
  {
    name: 'bytes without a name and objects that are not blobs are swept, others not',
    async run({ bucket, blobs, sweep }) {
      const [named, lost] = [await put(blobs, 1), await put(blobs, 2)]
      // A request that dies after it read the bytes, which made an object of them.
      const dead = await blobs.stage(newUploadId(), {})
      await dead.write(sampleBytes(5000, 3))
      await new Response(dead.read()).arrayBuffer()
      await put(blobs, 4).then((blob) => bucket.delete(`blobs/${blob.key}`))
      equals((await keysOf(bucket)).length, 2 + 2 + 1 + 1, 'objects before')

      const asked: string[] = []
      const unnamed = async (some: readonly BlobRef[]): Promise<readonly BlobRef[]> => {
        asked.push(...some.map(({ key }) => key))
        return some.filter(({ key }) => key === lost.key)
      }
      equals(await sweep(0, unnamed), 0, 'swept of what is young')
      equals(asked, [], 'names asked for then')
      equals(await sweep(Date.now() + 1000, unnamed), 2, 'swept')
      equals(asked.sort(), [named.key, lost.key].sort(), 'names asked for')
      const left = await keysOf(bucket)
      equals(
        left.filter((key) => key.startsWith('blobs/')),
        [`blobs/${named.key}`],
        'bytes left',
      )
      holds((await blobs.open(named)) !== null, 'the blob with a name opens')
    },
  },
  {
    name: 'an upload that R2 has aborted is unknown',
    async run({ bucket, blobs }) {
      const id = newUploadId()
      const first = await blobs.stage(id, {})
      await first.write(sampleBytes(5000))
      const state = await first.suspend()
      const { key, upload } = state as unknown as { key: string; upload: string }
      await bucket.resumeMultipartUpload(`blobs/${key}`, upload).abort()
      let kind: unknown
      try {
        await blobs.stage(id, {}, state)
      } catch (error) {
        kind = (error as { kind?: unknown }).kind
      }
      equals(kind, 'uploadUnknown', 'what becomes of its state')
    },
  },
  {
    name: 'a finished upload leaves nothing under staging/',
    async run({ bucket, blobs }) {
      const id = newUploadId()
      let state: Awaited<ReturnType<Awaited<ReturnType<BlobStore['stage']>>['suspend']>> | undefined
      for (let chunk = 0; chunk < 4; chunk += 1) {
        const staged = await blobs.stage(id, {}, state)
        await staged.write(sampleBytes(1300, chunk))
        state = await staged.suspend()
      }
      holds(
        (await keysOf(bucket)).some((key) => key.startsWith('staging/')),
        'an unfinished upload has something there',
      )
      const last = await blobs.stage(id, {}, state)
      await last.commit(sampleDigest(1))
      equals(
        (await keysOf(bucket)).map((key) => key.split('/')[0]).sort(),
        ['blobs', 'index'],
        'left',
      )
    },
  },
]
