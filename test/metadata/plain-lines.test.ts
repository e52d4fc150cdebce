import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EffectDecoder } from '../../src/metadata/effect-decoder.ts'
import { encodeEffect } from '../../src/metadata/effect-encoder.ts'
import type { Effect } from '../../src/metadata/effects.ts'
import { PlainLines } from '../../src/metadata/plain-lines.ts'
import { runs } from '../sample.ts'
import { effect } from './effects.ts'
import { digests, recordOf, repositories, tags } from './samples.ts'

/** What a JSON parser and the decoder make of a line; null where that is nothing. */
function parsed(line: string): Effect | null {
  const decoder = new EffectDecoder({ time: 77, keepUntil: 99 })
  try {
    const read = decoder.decode(JSON.parse(line.slice(0, -2)))
    return decoder.sawFormatOne ? null : read
  } catch {
    return null
  }
}

/** Reads lines as a snapshot's reader does; how many of them were plain. */
function readAll(lines: readonly string[]): number {
  const plain = new PlainLines()
  const text = lines.join('')
  let at = 0
  let count = 0
  for (const line of lines) {
    const whole = parsed(line)
    const read = plain.read(text, at)
    if (read !== null) {
      expect(read).toEqual(whole)
      expect(plain.end).toBe(at + line.length)
      count += 1
    } else if (whole !== null) plain.follow(whole)
    at += line.length
  }
  return count
}

const lineOf = (one: Effect): string => `${encodeEffect(one)},\n`

test('a plain line is read as a JSON parser reads it, whatever stands around it', () => {
  fc.assert(
    fc.property(fc.array(effect, { minLength: 1, maxLength: 30 }), (effects) => {
      readAll(effects.map(lineOf))
    }),
    { numRuns: runs(500) },
  )
})

const strange = [
  '"',
  '\\',
  ',',
  ']',
  '}',
  '0',
  '1',
  'e',
  '.',
  '-',
  'g',
  'A',
  ' ',
  '\n',
  '\u0000',
  'é',
]

test('a line with any character replaced, added or gone is read as a JSON parser reads it, or not', () => {
  const change = fc.record({
    line: fc.nat(),
    at: fc.nat(),
    gone: fc.nat(1),
    text: fc.constantFrom('', ...strange),
  })
  fc.assert(
    fc.property(fc.array(effect, { minLength: 1, maxLength: 8 }), change, (effects, change) => {
      // Twice, so that what was read before is used.
      const lines = [...effects, ...effects].map(lineOf)
      const number = change.line % lines.length
      const line = lines[number] as string
      const at = change.at % (line.length - 2)
      lines[number] = line.slice(0, at) + change.text + line.slice(at + change.gone)
      readAll(lines)
    }),
    { numRuns: runs(3000) },
  )
})

test('what snapshots are made of is plain', () => {
  const [repository] = repositories as [(typeof repositories)[0]]
  const [digest, other] = digests as [(typeof digests)[0], (typeof digests)[0]]
  const record = recordOf(digest, { references: [other, digest] })
  const manifest: Effect = { kind: 'manifest', repository, record, keepUntil: 0 }
  const tagged: Effect = {
    ...{ kind: 'tag', repository, digest, tags },
    times: tags.map(() => 1_700_000_000_000),
  }
  const link: Effect = { kind: 'link', repository, blob: record.blob, keepUntil: 5 }
  const effects: Effect[] = [{ kind: 'repository', repository }, manifest, tagged, manifest, link]
  expect(readAll(effects.map(lineOf))).toBe(effects.length - 1)
})

const numbers = [
  '0',
  '7',
  '00',
  '07',
  '1.0',
  '1e1',
  '-1',
  '',
  '9'.repeat(15),
  '9'.repeat(16),
  '"7"',
]

test.each(numbers)('the number %s is read as a JSON parser reads it, or not', (number) => {
  const [repository] = repositories as [(typeof repositories)[0]]
  const [digest] = digests as [(typeof digests)[0]]
  const manifest: Effect = { kind: 'manifest', repository, record: recordOf(digest), keepUntil: 0 }
  const link = `["link","${repository}","${digest}",${number},"key",${number}],\n`
  const tagged = `["tag","${repository}","${digest}",${number},"latest"],\n`
  const lines = [lineOf({ kind: 'repository', repository }), lineOf(manifest), link, tagged]
  readAll(lines)
})

test.each(['a"', 'sha256:', 'a\\nb', 'a\\\\', 'a\tb', 'a\u2028b'])(
  'the key %j is read so too',
  (key) => {
    const [repository] = repositories as [(typeof repositories)[0]]
    const [digest] = digests as [(typeof digests)[0]]
    const link = `["link","${repository}","${digest}",7,"${key}",7],\n`
    readAll([lineOf({ kind: 'repository', repository }), link])
  },
)

const tagLists = [
  '"a"',
  '"a","b"',
  '"a","../b"',
  '"-a","b"',
  '"","a"',
  '"a",5,"b"',
  '5,"a"',
  '"a" ,"b"',
  '"a",',
]

test.each([...tagLists, `"${'a'.repeat(128)}"`, `"${'a'.repeat(129)}"`])(
  'the tags %s are too',
  (list) => {
    const [repository] = repositories as [(typeof repositories)[0]]
    const [digest] = digests as [(typeof digests)[0]]
    const manifest: Effect = {
      kind: 'manifest',
      repository,
      record: recordOf(digest),
      keepUntil: 0,
    }
    const tagged = `["tag","${repository}","${digest}",7,${list}],\n`
    readAll([lineOf({ kind: 'repository', repository }), lineOf(manifest), tagged])
  },
)
