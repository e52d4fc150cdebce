import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChunkList } from '../../src/memory/chunk-list.ts'

async function read(stream: ReadableStream<Uint8Array>): Promise<number[]> {
  const bytes: number[] = []
  for await (const chunk of stream) bytes.push(...chunk)
  return bytes
}

test('cuts and spans are those of one long array', async () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 9 })
  await fc.assert(
    fc.asyncProperty(
      chunks,
      chunks,
      fc.nat(90),
      fc.nat(90),
      fc.nat(90),
      async (a, b, cut, x, y) => {
        let list = new ChunkList()
        for (const chunk of a) list.append(chunk)
        let model = a.flatMap((chunk) => [...chunk])
        expect(list.size).toBe(model.length)

        list = list.moveFirst(cut)
        model = model.slice(0, cut)
        for (const chunk of b) {
          list.append(chunk)
          model.push(...chunk)
        }
        const start = Math.min(x, y, model.length)
        const end = Math.min(Math.max(x, y), model.length)
        expect(await read(list.stream())).toEqual(model)
        expect(await read(list.stream({ start, end }))).toEqual(model.slice(start, end))
      },
    ),
  )
})

test('chunks are handed on, not copied', async () => {
  const list = new ChunkList()
  const chunk = new Uint8Array([1, 2, 3])
  list.append(chunk)
  const { value } = await list.stream({ start: 1, end: 3 }).getReader().read()
  expect(value?.buffer).toBe(chunk.buffer)
})

test('a short view does not keep its whole buffer', async () => {
  const list = new ChunkList()
  list.append(new Uint8Array(65_536).subarray(10, 12))
  const { value } = await list.stream().getReader().read()
  expect(value?.buffer.byteLength).toBe(2)
})

test('bytes that were moved are out of reach of their first list', () => {
  const list = new ChunkList()
  list.append(new Uint8Array([1, 2, 3]))
  const moved = list.moveFirst(3)
  list.append(new Uint8Array([4]))
  expect([list.size, moved.size]).toEqual([1, 3])
})
