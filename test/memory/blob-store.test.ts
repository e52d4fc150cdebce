import { expect, test } from 'vitest'
import { newUploadId } from '../../src/kit.ts'
import { memoryBlobs } from '../../src/memory/blob-store.ts'
import { fakeClock, readAll, sampleBytes, sampleDigest } from '../../src/testing/index.ts'

const digest = sampleDigest(1)

test('a stage whose upload went on elsewhere can neither write, suspend, commit nor discard', async () => {
  const store = memoryBlobs()
  const id = newUploadId()
  const stale = await store.stage(id, {})
  await stale.write(sampleBytes(10))
  const state = await stale.suspend()
  const owner = await store.stage(id, {}, state)

  expect(() => stale.write(sampleBytes(5))).toThrow('went on elsewhere')
  await expect(stale.suspend()).rejects.toThrow('went on elsewhere')
  await expect(stale.commit(digest)).rejects.toThrow('went on elsewhere')
  await stale.discard()
  expect(await readAll(owner.read())).toEqual(sampleBytes(10))
  expect((await owner.commit(digest)).size).toBe(10)
  await expect(owner.commit(digest)).rejects.toThrow('ended')
})

test('each commit has its own time', async () => {
  const clock = fakeClock(1000)
  const store = memoryBlobs({ clock: clock.now })
  for (let round = 0; round < 2; round += 1) {
    await (await store.stage(newUploadId(), {})).commit(digest)
    clock.advance(50)
  }
  const times: number[] = []
  for await (const { committedAt } of store.list()) times.push(committedAt)
  expect(times.sort()).toEqual([1000, 1050])
})

test('bytes pass through without a copy', async () => {
  const store = memoryBlobs()
  const chunk = sampleBytes(1000)
  const staged = await store.stage(newUploadId(), {})
  await staged.write(chunk)
  const open = await store.open(await staged.commit(digest))
  const { value } = (await open?.stream().getReader().read()) ?? {}
  expect(value?.buffer).toBe(chunk.buffer)
})

test('a reader gets what was written when it began, even if that is discarded', async () => {
  const store = memoryBlobs()
  const staged = await store.stage(newUploadId(), {})
  await staged.write(sampleBytes(10))
  const stream = staged.read()
  await staged.write(sampleBytes(10, 2))
  await staged.discard()
  expect((await readAll(stream)).byteLength).toBe(10)
})
