import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  algorithmOf,
  classifyDigest,
  digestOf,
  encodedOf,
  isDigestAlgorithm,
  parseDigest,
} from '../../src/oci/digest.ts'
import { cpuMs } from '../cpu-time.ts'
import { anyText, hostileStrings, longStrings } from './hostile-strings.ts'

const hex64 = '0123456789abcdef'.repeat(4)

test.each([
  ['sha256', `sha256:${hex64}`],
  ['sha512', `sha512:${hex64}${hex64}`],
] as const)('%s of the right length is supported and taken apart again', (algorithm, text) => {
  const digest = parseDigest(text)
  expect(classifyDigest(text)).toEqual({ kind: 'supported', digest: text })
  expect(digest).toBe(text)
  if (digest === null) return
  expect(algorithmOf(digest)).toBe(algorithm)
  expect(digestOf(algorithm, encodedOf(digest))).toBe(text)
})

test.each([
  `blake3:${hex64}`,
  `md5:${hex64.slice(0, 32)}`,
  `sha384:${hex64}`,
  'sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564',
  'multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8',
  'a:b',
  'a.b_c-d+e:B=_-',
])('%s is well formed, of an algorithm unknown here', (text) => {
  expect(classifyDigest(text)).toEqual({ kind: 'unsupported' })
  expect(parseDigest(text)).toBeNull()
})

test.each([
  'sha256',
  'sha256:',
  `:${hex64}`,
  `sha256:${hex64.toUpperCase()}`,
  `sha256:${hex64.slice(1)}`,
  `sha256:${hex64}0`,
  `sha512:${hex64}`,
  `sha256:${hex64.slice(1)}g`,
  `SHA256:${hex64}`,
  `sha256::${hex64}`,
  `sha256:${hex64}\n`,
  ` sha256:${hex64}`,
  `sha256:../${hex64.slice(3)}`,
  `sha256%3A${hex64}`,
  'sha256:baddigeststring',
  'a+:b',
  '+a:b',
  'a..b:c',
  'a:b/c',
  `a:${'b'.repeat(511)}`,
])('%j is malformed', (text) => {
  expect(classifyDigest(text)).toEqual({ kind: 'malformed' })
})

test('there are two algorithms, and the names of object properties are not among them', () => {
  expect(isDigestAlgorithm('sha256')).toBe(true)
  expect(isDigestAlgorithm('sha512')).toBe(true)
  for (const name of ['', 'SHA256', 'constructor', '__proto__', 'toString', 'sha256 ']) {
    expect(isDigestAlgorithm(name)).toBe(false)
  }
})

describe('any string', () => {
  test('is safe in a path and in a header when it is accepted', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const digest = parseDigest(text)
        if (digest !== null) expect(digest).toMatch(/^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/)
      }),
    )
    for (const text of hostileStrings) expect(parseDigest(text)).toBeNull()
  })

  test('of hex with the right length is accepted', () => {
    const hex = fc.constantFrom(...'0123456789abcdef'.split(''))
    const digests = fc
      .constantFrom(64, 128)
      .chain((length) =>
        fc
          .string({ unit: hex, minLength: length, maxLength: length })
          .map((text) => `${length === 64 ? 'sha256' : 'sha512'}:${text}`),
      )
    fc.assert(fc.property(digests, (text) => void expect(parseDigest(text)).toBe(text)))
  })

  test('that is long is refused at once', async () => {
    const used = await cpuMs(() => {
      for (const text of longStrings) expect(classifyDigest(text).kind).toBe('malformed')
    })
    expect(used).toBeLessThan(2000)
  })
})
