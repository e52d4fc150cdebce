import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EffectDecoder } from '../../src/metadata/effect-decoder.ts'
import { encodeEffect } from '../../src/metadata/effect-encoder.ts'
import { runs } from '../sample.ts'
import { effect } from './effects.ts'
import { digests } from './samples.ts'

const defaults = { time: 77, keepUntil: 99 }
const decode = (line: unknown): unknown => new EffectDecoder(defaults).decode(line)

test('every effect is read back as it was, from one line', () => {
  fc.assert(
    fc.property(effect, (one) => {
      const text = encodeEffect(one)
      expect(text).not.toContain('\n')
      const decoder = new EffectDecoder(defaults)
      expect(decoder.decode(JSON.parse(text))).toEqual(one)
      expect(decoder.sawFormatOne).toBe(false)
    }),
    { numRuns: runs(500) },
  )
})

test('a line is an effect or nothing, whatever it holds', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (line) => {
      expect(decode(line)).toBeNull()
    }),
  )
})

test('an effect with any one part replaced or gone is none, or another whole one', () => {
  const strange: unknown[] = [null, -1, 1.5, '../x', 'A', {}, [], [1], [['a']], ['sha256:x']]
  const again = (line: unknown): unknown => {
    const decoder = new EffectDecoder(defaults)
    const read = decoder.decode(line)
    return read === null || decoder.sawFormatOne ? null : JSON.parse(encodeEffect(read))
  }
  fc.assert(
    fc.property(effect, fc.nat(5), fc.constantFrom(...strange), (one, at, value) => {
      const line = JSON.parse(encodeEffect(one)) as unknown[]
      for (const changed of [line.with(Math.min(at, line.length - 1), value), [...line, value]]) {
        const read = again(changed)
        if (read !== null) expect(read).toEqual(changed)
      }
      if (one.kind !== 'tag') expect(decode([...line, 'more'])).toBeNull()
    }),
    { numRuns: runs(500) },
  )
})

const [digest] = digests as [(typeof digests)[0]]
const record = { digest, size: 1, mediaType: 'a/b', key: 'k', references: [], pushedAt: 5 }
const recorded = { digest, size: 1, mediaType: 'a/b', blob: { digest, size: 1, key: 'k' } }

test.each<[string, unknown[], object]>([
  ['a link', ['link', 'a', digest, 1, 'k'], { kind: 'link', keepUntil: 99 }],
  ['the end of a manifest', ['unmanifest', 'a', digest], { kind: 'unmanifest', keepUntil: 99 }],
  ['tags', ['tag', 'a', digest, 'x', 'y'], { kind: 'tag', tags: ['x', 'y'], times: [77, 77] }],
  [
    'a record',
    ['manifest', 'a', { ...record, pushedAt: undefined }],
    { kind: 'manifest', record: { ...recorded, references: [], pushedAt: 77 }, keepUntil: 0 },
  ],
  ['unnamed bytes', ['hold', digest, 1, 'k'], { kind: 'stored', blob: recorded.blob }],
  ['forgotten bytes', ['forget', digest], { kind: 'forget', digest, key: null }],
])('%s of format 1 are read, and what they do not say is filled in', (_, line, read) => {
  const decoder = new EffectDecoder(defaults)
  expect(decoder.decode(line)).toMatchObject(read)
  expect(decoder.sawFormatOne).toBe(true)
})

test.each([
  ['a path for a repository', ['repository', '../a']],
  ['a path for a tag', ['tag', 'a', digest, 'a', '../b']],
  ['a tag of nothing', ['tag', 'a', digest]],
  ['tags that end with a time', ['tag', 'a', digest, 5, 'x', 6]],
  ['tags with a time twice', ['tag', 'a', digest, 5, 6, 'x']],
  ['tags with a time below nothing', ['tag', 'a', digest, -5, 'x']],
  ['a lease that ends in no number', ['link', 'a', digest, 1, 'k', '9']],
  ['a time before the beginning', ['time', -1]],
  ['a path for a digest', ['unlink', 'a', 'sha256:../../b']],
  ['a size below nothing', ['link', 'a', digest, -1, 'k']],
  ['a size that is not a number', ['stored', digest, '1', 'k']],
  ['a record of nothing', ['manifest', 'a', null]],
  ['a record without a type', ['manifest', 'a', { ...record, mediaType: undefined }]],
  ['references that are none', ['manifest', 'a', { ...record, references: ['x'] }]],
  ['a subject that is not text', ['manifest', 'a', { ...record, subject: 1 }]],
  ['annotations as an object', ['manifest', 'a', { ...record, annotations: { a: 'b' } }]],
  [
    'an annotation of three parts',
    ['manifest', 'a', { ...record, annotations: [['a', 'b', 'c']] }],
  ],
])('%s is not an effect', (_, line) => {
  expect(decode(['manifest', 'a', record])).not.toBeNull()
  expect(decode(line)).toBeNull()
})
