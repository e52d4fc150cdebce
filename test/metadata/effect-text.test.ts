import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EffectDecoder, encodeEffect } from '../../src/metadata/effect-text.ts'
import { effect } from './effects.ts'
import { digests } from './samples.ts'

const decode = (line: unknown): unknown => new EffectDecoder().decode(line)

test('every effect is read back as it was, from one line', () => {
  fc.assert(
    fc.property(effect, (one) => {
      const text = encodeEffect(one)
      expect(text).not.toContain('\n')
      expect(decode(JSON.parse(text))).toEqual(one)
    }),
    { numRuns: 500 },
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
  fc.assert(
    fc.property(effect, fc.nat(4), fc.constantFrom(...strange), (one, at, value) => {
      const line = JSON.parse(encodeEffect(one)) as unknown[]
      if (at < line.length) {
        const read = decode(line.with(at, value))
        const again = read === null ? null : JSON.parse(encodeEffect(read as typeof one))
        if (again !== null) expect(again).toEqual(line.with(at, value))
      }
      if (one.kind === 'tag') return
      expect(decode(line.slice(0, -1))).toBeNull()
      expect(decode([...line, 'more'])).toBeNull()
    }),
  )
})

const [digest] = digests as [(typeof digests)[0]]
const record = { digest, size: 1, mediaType: 'a/b', key: 'k', references: [] }

test.each([
  ['a path for a repository', ['repository', '../a']],
  ['a path for a tag', ['tag', 'a', digest, 'a', '../b']],
  ['a tag of nothing', ['tag', 'a', digest]],
  ['a path for a digest', ['unlink', 'a', 'sha256:../../b']],
  ['a size below nothing', ['link', 'a', digest, -1, 'k']],
  ['a size that is none', ['hold', digest, '1', 'k']],
  ['a record of nothing', ['manifest', 'a', null]],
  ['a record without a type', ['manifest', 'a', { ...record, mediaType: undefined }]],
  ['references that are none', ['manifest', 'a', { ...record, references: ['x'] }]],
  ['a subject that is no text', ['manifest', 'a', { ...record, subject: 1 }]],
  ['annotations as an object', ['manifest', 'a', { ...record, annotations: { a: 'b' } }]],
  [
    'an annotation of three parts',
    ['manifest', 'a', { ...record, annotations: [['a', 'b', 'c']] }],
  ],
])('%s is no effect', (_, line) => {
  expect(decode(['manifest', 'a', record])).not.toBeNull()
  expect(decode(line)).toBeNull()
})
