import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EffectDecoder } from '../../src/metadata/effect-decoder.ts'
import { encodeEffect } from '../../src/metadata/effect-encoder.ts'
import type { Effect } from '../../src/metadata/effects.ts'
import { encodeFrame, type JournalReading, readJournal } from '../../src/metadata/journal.ts'
import { StoreDamaged } from '../../src/oci/store-damaged.ts'
import { runs } from '../sample.ts'
import { effect } from './effects.ts'

/** Reads bytes in pieces of `size`. */
function read(bytes: Uint8Array, size: number, take: (effect: Effect) => void = () => {}) {
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
  }
  const decoder = new EffectDecoder({ time: 0, keepUntil: 0 })
  return readJournal({ name: 'journal', generation: 0, read: chunks }, 7, decoder, take)
}

function joined(...parts: Array<Uint8Array | string>): Uint8Array {
  const bytes = parts.map((part) =>
    typeof part === 'string' ? new TextEncoder().encode(part) : part,
  )
  return Uint8Array.from(bytes.flatMap((part) => [...part]))
}

const forget = '["forget","sha256:'.concat('0'.repeat(64), '"]')
const first = encodeFrame(8, [forget])
const second = encodeFrame(9, [forget])

test('batches are read back as they were, in pieces of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(effect, { maxLength: 4 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 300 }),
      async (batches, size) => {
        const frames = batches.map((batch, at) => encodeFrame(8 + at, batch.map(encodeEffect)))
        const taken: Effect[] = []
        const bytes = joined(...frames)
        const reading = await read(bytes, size, (one) => taken.push(one))
        expect(taken).toEqual(batches.flat())
        expect(reading).toEqual<JournalReading>({
          sequence: 7 + batches.length,
          wholeBytes: bytes.length,
          tornBytes: 0,
          sealed: batches.at(-1)?.length === 0,
        })
      },
    ),
  )
})

test.each([
  ['noise', '\u0000\u0001\u0002'],
  ['several lines of noise', 'a\nb\n\nc\n'],
  ['half a frame', second.slice(0, 20)],
  ['a whole frame without its newline', second.slice(0, -1)],
  ['a whole frame and noise', joined(second.slice(0, -1), 'x\n')],
])('after a whole frame, %s is a torn tail', async (_, tail) => {
  const bytes = joined(first, tail)
  expect(await read(bytes, 10)).toEqual({
    sequence: 8,
    wholeBytes: first.length,
    tornBytes: bytes.length - first.length,
    sealed: false,
  })
})

test.each([
  ['noise before a whole frame', joined('noise\n', first)],
  ['two frames with no newline between', joined(first.slice(0, -1), ' ', second)],
  ['a bad frame before a seal', joined(first.slice(1), encodeFrame(9, []))],
  ['a frame twice', joined(first, first)],
  ['a frame too few', second],
  ['a frame from before', encodeFrame(7, [forget])],
  ['an effect that is none', encodeFrame(8, ['["format","c:"]'])],
  ['a batch that is none', encodeFrame(8, ['{"'])],
])('%s is damage', async (_, bytes) => {
  await expect(read(bytes, 10)).rejects.toThrow(StoreDamaged)
})

test('any bytes are read, refused or torn, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.uint8Array(), fc.constantFrom(first, second, joined('8 9 '))), {
        maxLength: 6,
      }),
      fc.integer({ min: 1, max: 50 }),
      async (parts, size) => {
        const bytes = joined(...parts)
        try {
          const reading = await read(bytes, size)
          expect(reading.wholeBytes + reading.tornBytes).toBe(bytes.length)
        } catch (error) {
          expect(error).toBeInstanceOf(StoreDamaged)
        }
      },
    ),
    { numRuns: runs(300) },
  )
})
