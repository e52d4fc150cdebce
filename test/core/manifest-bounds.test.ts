import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test } from 'vitest'
import { parseManifest } from '../../src/core/manifest-facts.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import { sampleOf } from '../sample.ts'

/*
 * One manifest of 4 MiB used to block every other client for seconds. Here each field of each
 * document is filled with the worst there is, and the work is counted: how often a character is
 * looked at, how many strings are cut out, of how much JSON.parse builds objects. The work for each
 * byte is what counts, so a quarter of the size shows it as well.
 */

const limit = 1024 * 1024
const digest = `sha256:${'0'.repeat(64)}`
const descriptor = `"mediaType":"a/b","digest":"${digest}","size":1`
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'

/** As many of `unit` as fit, joined by commas. */
function filled(unit: (index: number) => string, bytes: number = limit - 1024): string {
  const units: string[] = []
  for (let length = 0; ; ) {
    const next = unit(units.length)
    length += next.length + 1
    if (length > bytes) return units.join(',')
    units.push(next)
  }
}

/** Values of every kind that take the whole limit. */
const values: Readonly<Record<string, () => string>> = {
  'empty objects': () => `[${filled(() => '{}')}]`,
  'empty lists': () => `[${filled(() => '[]')}]`,
  nulls: () => `[${filled(() => 'null')}]`,
  numbers: () => `[${filled(() => '1')}]`,
  strings: () => `[${filled(() => '""')}]`,
  'strings of escapes': () => `[${filled(() => '"\\n\\u0061"')}]`,
  descriptors: () => `[${filled(() => `{${descriptor}}`)}]`,
  'descriptors with unknown keys': () =>
    `[${filled(() => `{${descriptor},${filled(() => '"sizf":0', 300)}}`)}]`,
  'descriptors with annotations': () =>
    `[${filled(() => `{${descriptor},"annotations":{${filled((at) => `"${at}":""`, 300)}}}`)}]`,
  'a descriptor with many urls': () => `{${descriptor},"urls":[${filled(() => '""')}]}`,
  'a descriptor with a million annotations': () =>
    `{${descriptor},"annotations":{${filled((at) => `"${at.toString(36)}":""`)}}}`,
  'a descriptor with unknown keys': () => `{${filled(() => '"sizf":0')},${descriptor}}`,
  'a descriptor with escaped keys': () => `{${filled(() => '"\\u0073izf":0')},${descriptor}}`,
  'strings by key': () => `{${filled((at) => `"${at.toString(36)}":""`)}}`,
  'the same key': () => `{${filled(() => '"":""')}}`,
  'numbers by key': () => `{${filled((at) => `"${at}":0`)}}`,
  'a string': () => `"${'a'.repeat(limit - 1024)}"`,
  'a string of escapes': () => `"${'\\u0061'.repeat(limit / 6 - 1024)}"`,
  'a media type': () => `"a/${'a'.repeat(limit - 1024)}"`,
  'a string in two bytes': () => `"${'é'.repeat(limit / 2 - 1024)}"`,
  'a long number': () => `1${'0'.repeat(limit - 1024)}`,
  'a long fraction': () => `0.${'1'.repeat(limit - 1024)}`,
  spaces: () => `1${' '.repeat(limit - 1024)}`,
  'deep lists': () => `[${filled(() => '['.repeat(60) + ']'.repeat(60))}]`,
  'lists without end': () => '['.repeat(limit - 1024),
  'objects without end': () => '{"a":'.repeat(limit / 5 - 1024),
}

const fields = [
  ...['schemaVersion', 'mediaType', 'artifactType', 'config', 'layers', 'manifests', 'subject'],
  ...['annotations', 'unknown'],
]

/** A document with a value in a field, which stands first, so that nothing is refused before it. */
function documentWith(type: string, field: string, value: string): string {
  const rest =
    type === manifestType
      ? { schemaVersion: '2', config: `{${descriptor}}`, layers: '[]' }
      : { schemaVersion: '2', manifests: '[]' }
  const others = Object.entries(rest).filter(([name]) => name !== field)
  const parts = [[field, value], ...others].map(([name, text]) => `"${name}":${text}`)
  return `{${parts.join(',')}}`
}

const descriptorFields = ['mediaType', 'digest', 'size', 'urls', 'annotations', 'platform', 'data']

const cases: (readonly [name: string, type: string, document: () => string])[] = []
for (const [kind, value] of Object.entries(values)) {
  for (const field of fields) {
    const type = field === 'manifests' ? indexType : manifestType
    cases.push([`${kind} in ${field}`, type, () => documentWith(type, field, value())])
  }
  for (const field of descriptorFields) {
    const config = (): string => `{"${field}":${value()}}`
    cases.push([
      `${kind} in config.${field}`,
      manifestType,
      () => documentWith(manifestType, 'config', config()),
    ])
  }
}
cases.push(
  ['many keys', manifestType, () => `{${filled((at) => `"${at.toString(36)}":0`)}}`],
  ['many escaped keys', manifestType, () => `{${filled((at) => `"\\u0061${at}":0`)}}`],
  ['the longest key', manifestType, () => `{"${'a'.repeat(limit - 1024)}":0}`],
  ['the longest key of escapes', manifestType, () => `{"${'\\n'.repeat(limit / 2 - 1024)}":0}`],
)

interface Work {
  looks: number
  slices: number
  built: number
}

const { charCodeAt, slice } = String.prototype
const { parse } = JSON

/** Counts what is done to strings while `work` runs. */
function counted(work: () => void): Work {
  const count: Work = { looks: 0, slices: 0, built: 0 }
  String.prototype.charCodeAt = function (at) {
    count.looks += 1
    return charCodeAt.call(this, at)
  }
  String.prototype.slice = function (start, end) {
    count.slices += 1
    return slice.call(this, start, end)
  }
  JSON.parse = (text: string) => {
    // One string costs no more than a copy of it; objects and lists do.
    if (!text.startsWith('"')) count.built += text.length
    return parse(text) as unknown
  }
  try {
    work()
  } finally {
    restore()
  }
  return count
}

function restore(): void {
  String.prototype.charCodeAt = charCodeAt
  String.prototype.slice = slice
  JSON.parse = parse
}

afterEach(restore)

describe('a manifest of many', () => {
  test.each(sampleOf('fillings of manifests', cases, 5))('%s', (_, type, document) => {
    const bytes = new TextEncoder().encode(document())
    expect(bytes.byteLength).toBeLessThanOrEqual(limit)
    let message = ''
    const work = counted(() => {
      try {
        parseManifest(bytes, type, 10_000)
      } catch (error) {
        if (!(error instanceof RegistryError)) throw error
        message = error.message
      }
    })
    expect(message.length).toBeLessThan(500)
    expect(work.looks).toBeLessThan(bytes.byteLength * 6 + 10_000)
    expect(work.slices).toBeLessThan(bytes.byteLength / 2 + 10_000)
    // What a record keeps, and no more.
    expect(work.built).toBeLessThan(16 * 1024)
  })
})

test('what a record keeps of a manifest does not keep its text in memory', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const document = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType: 'application/vnd.example.artifact',
    config: { mediaType: 'application/vnd.example.config', digest, size: 1 },
    layers: [{ mediaType: 'application/vnd.example.layer', digest, size: 1 }],
    subject: { mediaType: manifestType, digest, size: 1 },
    annotations: { 'org.example.annotation': 'a value that is worth keeping' },
    padding: 'x'.repeat(limit),
  })
  const bytes = new TextEncoder().encode(document)
  const kept: unknown[] = []
  collect()
  const before = process.memoryUsage().heapUsed
  for (let count = 0; count < 32; count += 1) kept.push(parseManifest(bytes, undefined, 10))
  collect()
  expect(kept).toHaveLength(32)
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * limit)
})
