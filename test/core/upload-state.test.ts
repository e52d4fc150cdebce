import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { admitChunk, type ChunkEnd, settleChunk } from '../../src/core/upload-state.ts'

const limit = 100
const accept = (expected: number | null) => ({ kind: 'accept', expected })
const refuse = (error: string) => ({ kind: 'refuse', error })

describe('whether a chunk may begin', () => {
  test.each([
    ['nothing said', 0, {}, accept(null)],
    ['a length', 0, { length: 5 }, accept(5)],
    ['a range at the start', 0, { range: { first: 0, last: 4 } }, accept(5)],
    ['a range at the end', 5, { range: { first: 5, last: 9 } }, accept(5)],
    ['range and length alike', 5, { length: 5, range: { first: 5, last: 9 } }, accept(5)],
    ['no bytes, said by the range', 5, { range: { first: 5, last: 4 } }, accept(0)],
    ['up to the limit', 90, { length: 10 }, accept(10)],
    ['a gap', 5, { range: { first: 6, last: 9 } }, refuse('chunkOutOfOrder')],
    ['a gap on an empty session', 0, { range: { first: 1, last: 4 } }, refuse('chunkOutOfOrder')],
    ['a replay', 5, { range: { first: 0, last: 4 } }, refuse('chunkOutOfOrder')],
    ['an overlap', 5, { range: { first: 4, last: 9 } }, refuse('chunkOutOfOrder')],
    [
      'out of order and of another length',
      5,
      { length: 1, range: { first: 0, last: 4 } },
      refuse('chunkOutOfOrder'),
    ],
    [
      'shorter than its range',
      0,
      { length: 4, range: { first: 0, last: 4 } },
      refuse('sizeInvalid'),
    ],
    [
      'longer than its range',
      0,
      { length: 6, range: { first: 0, last: 4 } },
      refuse('sizeInvalid'),
    ],
    ['a byte over the limit', 90, { length: 11 }, refuse('blobTooLarge')],
    ['a range over the limit', 90, { range: { first: 90, last: 100 } }, refuse('blobTooLarge')],
    ['an empty chunk at the limit', 100, { length: 0 }, accept(0)],
  ])('%s', (_, offset, claim, expected) => {
    expect(admitChunk(offset, claim, limit)).toEqual(expected)
  })
})

describe('where a session stands after a chunk', () => {
  test.each<[string, number, number | null, number, ChunkEnd, object]>([
    ['complete, length unknown', 3, null, 4, 'complete', { kind: 'advance', offset: 7 }],
    ['complete, as announced', 3, 4, 4, 'complete', { kind: 'advance', offset: 7 }],
    ['complete and empty', 3, 0, 0, 'complete', { kind: 'advance', offset: 3 }],
    ['complete but shorter', 3, 5, 4, 'complete', { kind: 'rollback', error: 'sizeInvalid' }],
    ['longer', 3, 3, 4, 'overlong', { kind: 'rollback', error: 'sizeInvalid' }],
    ['cut off', 3, 9, 4, 'interrupted', { kind: 'keep', offset: 7, error: 'uploadBroken' }],
    [
      'cut off, unknown',
      3,
      null,
      4,
      'interrupted',
      { kind: 'keep', offset: 7, error: 'uploadBroken' },
    ],
    ['cut off at once', 3, 9, 0, 'interrupted', { kind: 'keep', offset: 3, error: 'uploadBroken' }],
  ])('%s', (_, offset, expected, received, end, settlement) => {
    expect(settleChunk(offset, expected, received, end)).toEqual(settlement)
  })
})

describe('a session of any chunks', () => {
  const chunk = fc.record({
    first: fc.option(fc.nat(12), { nil: undefined }),
    announced: fc.option(fc.nat(6), { nil: undefined }),
    sent: fc.nat(6),
    cut: fc.boolean(),
  })

  test('holds exactly the bytes of the chunks that counted, and never more than the limit', () => {
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 20 }),
        fc.integer({ min: 1, max: 30 }),
        (chunks, most) => {
          let offset = 0
          for (const { first, announced, sent, cut } of chunks) {
            const range =
              first === undefined ? undefined : { first, last: first + (announced ?? sent) - 1 }
            const claim = {
              ...(announced === undefined ? {} : { length: announced }),
              ...(range === undefined ? {} : { range }),
            }
            const admission = admitChunk(offset, claim, most)
            const inPlace = first === undefined || first === offset
            if (admission.kind === 'refuse') {
              const announcedEnd = offset + (announced ?? (range === undefined ? 0 : sent))
              expect(inPlace ? announcedEnd > most : admission.error === 'chunkOutOfOrder').toBe(
                true,
              )
              continue
            }
            expect(inPlace).toBe(true)
            const { expected } = admission
            const over = expected !== null && sent > expected
            const end = over ? 'overlong' : cut ? 'interrupted' : 'complete'
            const settlement = settleChunk(offset, expected, sent, end)
            if (settlement.kind === 'rollback') {
              expect(expected).not.toBe(null)
              expect(expected).not.toBe(sent)
              continue
            }
            expect(settlement.offset).toBe(offset + sent)
            expect(settlement.kind).toBe(cut ? 'keep' : 'advance')
            offset = settlement.offset
            if (expected !== null) expect(offset).toBeLessThanOrEqual(most)
          }
        },
      ),
    )
  })
})
