import { equals, holds } from '../contract.ts'
import { sampleBytes, sampleDigest } from '../samples.ts'
import { type BlobStoreCase, placeCase, put } from './store-case.ts'

/** URLs that bytes are fetched from without the registry. */
export const presignCases: readonly BlobStoreCase[] = [
  placeCase('a presigned URL leads to the bytes', ['presign'], async ({ open, fetch }) => {
    const store = await open()
    holds(store.presign !== undefined, 'the store has presign')
    for (const [number, size] of [0, 1, 5000].entries()) {
      const blob = await put(store, sampleDigest(number), sampleBytes(size))
      const url = await store.presign(blob, 60_000)
      holds(url instanceof URL, 'there is a URL')
      const response = await fetch(url)
      equals(response.status, 200, 'the status')
      equals(new Uint8Array(await response.arrayBuffer()), sampleBytes(size), 'the bytes')
    }
  }),

  placeCase(
    'a presigned URL of one blob leads to no other',
    ['presign'],
    async ({ open, fetch }) => {
      const store = await open()
      const one = await put(store, sampleDigest(1), sampleBytes(100, 1))
      const two = await put(store, sampleDigest(2), sampleBytes(100, 2))
      const [first, second] = [
        await store.presign?.(one, 60_000),
        await store.presign?.(two, 60_000),
      ]
      holds(first instanceof URL && second instanceof URL, 'there are URLs')
      equals(
        new Uint8Array(await (await fetch(second)).arrayBuffer()),
        sampleBytes(100, 2),
        'bytes',
      )
      await store.delete(one)
      holds((await fetch(first)).status >= 400, 'the URL of a deleted blob leads nowhere')
    },
  ),
]
