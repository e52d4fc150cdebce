import { expect, test } from 'vitest'
import { crc32, crcText } from '../../src/metadata/crc32.ts'
import { EffectDecoder } from '../../src/metadata/effect-decoder.ts'
import type { Effect } from '../../src/metadata/effects.ts'
import { readSnapshot } from '../../src/metadata/snapshot-reader.ts'
import { StoreDamaged } from '../../src/oci/store-damaged.ts'

const header =
  '{"format":"layerdock metadata","version":2,"generation":3,"sequence":7,"entries":[\n'
const entries = '["repository","a"],\n["repository","b"],\n'
const trailer = '["end"]],"count":2,"through":9,"crc32":"'

/** A snapshot of these parts, whose checksum is right. */
function snapshotOf(text: string): Uint8Array {
  const encoder = new TextEncoder()
  return encoder.encode(`${text}${crcText(crc32(encoder.encode(text)))}"}\n`)
}

function read(bytes: Uint8Array, size = 1000): Promise<unknown> {
  const taken: Effect[] = []
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
  }
  const file = { name: 'metadata.json', generation: 3, read: chunks }
  const decoder = new EffectDecoder({ time: 0, keepUntil: 0 })
  return readSnapshot(file, decoder, (effect) => taken.push(effect)).then((reading) => ({
    ...reading,
    taken: taken.length,
  }))
}

test('says what it is, in pieces of any size', async () => {
  const bytes = snapshotOf(header + entries + trailer)
  for (const size of [1, 7, 50, 1000]) {
    expect(await read(bytes, size)).toMatchObject({
      generation: 3,
      sequence: 7,
      count: 2,
      through: 9,
      bytes: bytes.length,
      taken: 2,
    })
  }
})

test('a snapshot of version 1 is read', async () => {
  const bytes = snapshotOf(header.replace('"version":2', '"version":1') + entries + trailer)
  expect(await read(bytes)).toMatchObject({ generation: 3, taken: 2 })
})

test.each([
  ['an entry too few', header + entries.slice(0, 20) + trailer],
  ['an entry that is none', `${header}["repository","../a"],\n["repository","b"],\n${trailer}`],
  ['an entry that is not JSON', `${header}["repository","a],\n["repository","b"],\n${trailer}`],
  ['an entry without its comma', `${header}["repository","a"],\n["repository","b"]\n${trailer}`],
  ['another format', header.replace('layerdock', 'another') + entries + trailer],
  ['a later version', header.replace('"version":2', '"version":5') + entries + trailer],
  ['a field of its own', header.replace('"version"', '"more":1,"version"') + entries + trailer],
  ['no first line', entries + trailer],
  ['a negative generation', header.replace('3', '-3') + entries + trailer],
  ['a count that is not a number', header + entries + trailer.replace('2', '"2"')],
  ['a trailer of its own', header + entries + trailer.replace(',"through"', ',"x":1,"through"')],
])('with %s it is damaged, though its checksum is right', async (_, text) => {
  const reading = read(snapshotOf(text), 40)
  await expect(reading).rejects.toThrow(StoreDamaged)
  await expect(reading).rejects.toThrow(/^metadata\.json: /)
})

test('bytes that are not UTF-8 are damage', async () => {
  const bytes = snapshotOf(header + entries + trailer)
  bytes[header.length + 3] = 0xff
  await expect(read(bytes)).rejects.toThrow(StoreDamaged)
})
