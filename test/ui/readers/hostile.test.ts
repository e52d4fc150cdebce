import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { indentJson } from '../../../src/ui/artifact/indent-json.ts'
import { readChart } from '../../../src/ui/readers/chart.ts'
import { readImageConfig } from '../../../src/ui/readers/image-config.ts'
import { kindOf } from '../../../src/ui/readers/kinds.ts'
import { readManifestDetails } from '../../../src/ui/readers/manifest-details.ts'
import { readSignature, signatureLayer } from '../../../src/ui/readers/signature.ts'
import { readDocumentFacts } from '../../../src/ui/readers/statement.ts'
import { runs } from '../../sample.ts'
import { bytesOf, cyclonedx, envelope, provenance1, provenance02, spdx } from './documents.ts'

/** A signature with its layer's type, from one document. */
const readAnySignature = (bytes: Uint8Array) =>
  [
    'application/vnd.dev.cosign.simplesigning.v1+json',
    'application/vnd.dev.sigstore.bundle.v0.3+json',
    'application/jose+json',
  ].map((mediaType) => {
    const details = readManifestDetails(bytesOf({ layers: [{ mediaType }] }))
    const layer = details && signatureLayer(details)
    return layer && readSignature(layer, bytes)
  })

const readers: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  manifest: readManifestDetails,
  config: readImageConfig,
  chart: readChart,
  document: readDocumentFacts,
  signature: readAnySignature,
}

const digest = `sha256:${'b'.repeat(64)}`
const descriptor = { mediaType: 'a/b', digest, size: 1, annotations: { a: 'b' } }
const documents: readonly object[] = [
  {
    config: descriptor,
    layers: [descriptor],
    manifests: [descriptor],
    subject: descriptor,
    annotations: {},
  },
  {
    created: '',
    config: { Env: [], Labels: {}, Cmd: [] },
    history: [{}],
    rootfs: { diff_ids: [] },
  },
  { name: 'a', version: '1', maintainers: [{}], dependencies: [{}], sources: [] },
  { critical: { image: {}, identity: {} }, payload: 'e30', protected: 'e30', header: { x5c: [] } },
  {
    messageSignature: { messageDigest: { digest: 'qg==' } },
    verificationMaterial: { tlogEntries: [] },
  },
  spdx,
  cyclonedx,
  provenance02,
  provenance1,
  envelope(spdx),
]

const hostile = [
  '<script>alert(1)</script>',
  'javascript:alert(1)',
  '\u202egnp.exe\u0000\ud800',
  'x'.repeat(20_000),
  '__proto__',
  'sha256:zz',
  -1,
  Number.POSITIVE_INFINITY,
  Number.MAX_SAFE_INTEGER,
  null,
  true,
  [],
  {},
  [[[[]]]],
  Array.from({ length: 3000 }, () => ({ digest, size: 5 })),
  Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`k${at}`, 'y'.repeat(50)])),
]

/** A document in which some values, at any depth, are something else. */
function mutated(value: unknown, pick: () => number): unknown {
  if (pick() % 12 === 0) return hostile[pick() % hostile.length]
  if (Array.isArray(value)) return value.map((item) => mutated(item, pick))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mutated(one, pick)]))
}

describe.each(Object.entries(readers))('the reader of a %s', (_, read) => {
  test('never throws, and finds little in much', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...documents),
        fc.array(fc.nat(1000), { minLength: 50, maxLength: 200 }),
        (document, picks) => {
          let at = 0
          const pick = (): number => picks[at++ % picks.length] ?? 1
          const bytes = bytesOf(JSON.stringify(mutated(document, pick)) ?? 'null')
          const found = JSON.stringify(read(bytes) ?? null)
          expect(found.length).toBeLessThan(2_000_000)
        },
      ),
      { numRuns: runs(60) },
    )
  })

  test('never throws at bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void read(bytes)))
    fc.assert(fc.property(fc.json(), (json) => void read(bytesOf(json))))
    const [first] = documents
    const whole = JSON.stringify(first)
    for (let end = 0; end < whole.length; end += 7) read(bytesOf(whole.slice(0, end)))
  })

  test('reads no more of a large document than it keeps', () => {
    for (const filler of ['[],', '{"a":1},', '"x",', '1,']) {
      const many = filler.repeat(50_000).slice(0, -1)
      const document = `{"layers":[${many}],"history":[${many}],"packages":[${many}],"x":[${many}]}`
      const found = JSON.stringify(read(bytesOf(document)) ?? null)
      expect(found.length).toBeLessThan(500_000)
    }
  })
})

test('the kind of any manifest is known', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 50 }), (picks) => {
      let at = 0
      const pick = (): number => picks[at++ % picks.length] ?? 1
      const details = readManifestDetails(bytesOf(JSON.stringify(mutated(documents[0], pick))))
      if (details !== null) expect(kindOf('a/b', details)).toEqual(expect.any(String))
    }),
    { numRuns: runs(40) },
  )
})

describe('indented JSON', () => {
  test('is what JSON.stringify makes of it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(3), (value, spaces) => {
        const text = JSON.stringify(value, null, spaces)
        const expected = JSON.stringify(value, null, 2)
        expect(indentJson(text, 1_000_000)).toBe(expected)
      }),
    )
  })

  test('leaves keys, strings and numbers as they are', () => {
    expect(indentJson('{"a":1.0,"a":1e2,"\\u0041":"\\/"}', 100)).toBe(
      '{\n  "a": 1.0,\n  "a": 1e2,\n  "\\u0041": "\\/"\n}',
    )
  })

  test.each(['', '{', '{"a":}', '1 2', `${'['.repeat(100)}${']'.repeat(100)}`])(
    'is not made of %j',
    (text) => {
      expect(indentJson(text, 1000)).toBeNull()
    },
  )

  test('is not made where it would be too long', () => {
    const text = `${'['.repeat(60)}${'1,'.repeat(10_000)}1${']'.repeat(60)}`
    expect(indentJson(text, 100_000)).toBeNull()
  })
})
