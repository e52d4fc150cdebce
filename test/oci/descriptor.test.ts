import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Descriptor, descriptorBytes, jsonBytes } from '../../src/oci/descriptor.ts'
import { sampleDigest } from '../../src/testing/samples.ts'
import { runs } from '../sample.ts'
import { anyText } from './hostile-strings.ts'

test('the length of a text in JSON is the length that is sent', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string({ unit: 'binary' })), (text) => {
      expect(jsonBytes(text)).toBe(Buffer.byteLength(JSON.stringify(text)))
    }),
    { numRuns: runs(1000) },
  )
})

test.each([
  '',
  'a',
  '"\\',
  '\b\t\n\f\r\v\0\x1f\x7f',
  'é',
  '€',
  '\u{1F600}',
  '\ud800',
  '\udc00a',
  '\ud800\ud800',
])('the length of %j', (text) => {
  expect(jsonBytes(text)).toBe(Buffer.byteLength(JSON.stringify(text)))
})

test('a descriptor is never longer than its calculated length', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 })
  const descriptors = fc.record(
    {
      mediaType: text,
      digest: fc.constantFrom(sampleDigest(1), sampleDigest(1, 'sha512')),
      size: fc.maxSafeNat(),
      artifactType: text,
      annotations: fc.array(fc.tuple(text, text), { maxLength: 5 }),
    },
    { requiredKeys: ['mediaType', 'digest', 'size'] },
  )
  fc.assert(
    fc.property(descriptors, (entry) => {
      const { annotations, ...rest } = entry
      const pairs = (annotations ?? []).map(
        ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`,
      )
      const written = `,${JSON.stringify(rest).slice(0, -1)},"annotations":{${pairs.join(',')}}}`
      expect(Buffer.byteLength(written)).toBeLessThanOrEqual(descriptorBytes(entry as Descriptor))
    }),
  )
})
