import fc from 'fast-check'
import { expect, test } from 'vitest'
import { classifyReference } from '../../src/oci/reference.ts'
import { parseTag } from '../../src/oci/tag.ts'
import { newUploadId, parseUploadId } from '../../src/oci/upload-id.ts'
import { cpuMs } from '../cpu-time.ts'
import { anyText, hostileStrings, longStrings } from './hostile-strings.ts'

const hex64 = 'f'.repeat(64)
const legalTags = ['latest', 'v1.0.0', '_', '_a', 'A', '0', 'a.b-c_d', 'constructor', '__proto__']

test.each([...legalTags, 'sha256-abc.sig', 'a'.repeat(128)])('%s is a tag', (text) => {
  expect(parseTag(text)).toBe(text)
  expect(classifyReference(text)).toEqual({ kind: 'tag', tag: text })
})

test.each([
  ...hostileStrings.filter((text) => !text.includes(':') && text !== 'A'),
  '.a',
  '-a',
  'a+b',
  'a/b',
  'a@b',
  'a'.repeat(129),
  'latest\n',
])('%j is no tag', (text) => {
  expect(parseTag(text)).toBeNull()
  expect(classifyReference(text)).toEqual({ kind: 'malformed-tag' })
})

test('a string with a colon is classified as a digest', () => {
  expect(classifyReference(`sha256:${hex64}`)).toEqual({
    kind: 'digest',
    digest: `sha256:${hex64}`,
  })
  expect(classifyReference(`blake3:${hex64}`)).toEqual({ kind: 'unsupported-digest' })
  for (const text of ['sha256:baddigeststring', ':', 'latest:', ':latest', 'a:b:c', 'sha256:']) {
    expect(classifyReference(text)).toEqual({ kind: 'malformed-digest' })
  }
})

test('every string has one of the five kinds, and a tag is safe in a header and a query', () => {
  const kinds = ['tag', 'digest', 'malformed-tag', 'malformed-digest', 'unsupported-digest']
  fc.assert(
    fc.property(anyText, (text) => {
      const reading = classifyReference(text)
      expect(kinds).toContain(reading.kind)
      if (reading.kind !== 'tag') return
      expect(reading.tag).toBe(text)
      expect(encodeURIComponent(text)).toBe(text)
      expect(text).not.toMatch(/^[.-]/)
    }),
  )
})

test('upload ids are UUIDs in lowercase', () => {
  const id = newUploadId()
  expect(parseUploadId(id)).toBe(id)
  expect(newUploadId()).not.toBe(id)
  const refused = [...hostileStrings, id.toUpperCase(), `${id}\n`, `{${id}}`, id.slice(1), `${id}a`]
  for (const text of refused) expect(parseUploadId(text)).toBeNull()
  fc.assert(fc.property(fc.uuid(), (text) => void expect(parseUploadId(text)).toBe(text)))
  fc.assert(
    fc.property(anyText, (text) => {
      if (parseUploadId(text) !== null) expect(text).toMatch(/^[0-9a-f-]{36}$/)
    }),
  )
})

test('long strings are refused at once', async () => {
  const used = await cpuMs(() => {
    for (const text of longStrings) {
      expect(['malformed-tag', 'malformed-digest']).toContain(classifyReference(text).kind)
      expect(parseTag(text)).toBeNull()
      expect(parseUploadId(text)).toBeNull()
    }
  })
  expect(used).toBeLessThan(2000)
})
