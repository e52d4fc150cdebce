import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseManifest } from '../../src/core/manifest-facts.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'

const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
const ociIndex = 'application/vnd.oci.image.index.v1+json'
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json'
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json'

const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`
const descriptor = (digit: string, more: object = {}): object => ({
  mediaType: 'application/vnd.oci.image.layer.v1.tar',
  digest: digestOf(digit),
  size: 1,
  ...more,
})
const config = descriptor('c', { mediaType: 'application/vnd.oci.image.config.v1+json' })
const image = { schemaVersion: 2, mediaType: ociManifest, config, layers: [descriptor('1')] }
const index = { schemaVersion: 2, mediaType: ociIndex, manifests: [descriptor('a')] }

const bytesOf = (document: unknown): Uint8Array =>
  new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document))
const read = (document: unknown, contentType?: string): ReturnType<typeof parseManifest> =>
  parseManifest(bytesOf(document), contentType, 10_000)

/** The reason a document is refused for. */
function reasonFor(bytes: Uint8Array, contentType?: string): string {
  try {
    parseManifest(bytes, contentType, 10_000)
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    expect(error.kind).toBe('manifestInvalid')
    const [detail] = error.details as readonly { reason: string }[]
    expect(error.message).toContain(detail?.reason)
    return detail?.reason ?? ''
  }
  return 'accepted'
}

const needs = (kind: 'blob' | 'manifest', ...digits: readonly string[]): object[] =>
  digits.map((digit) => ({ digest: digestOf(digit), kind }))
const names = (...digits: readonly string[]): string[] => digits.map(digestOf)

describe('what is taken', () => {
  test.each<[string, unknown, string | undefined, object]>([
    [
      'an OCI image',
      image,
      ociManifest,
      { mediaType: ociManifest, requires: needs('blob', 'c', '1'), references: names('c', '1') },
    ],
    ['an OCI image without Content-Type', image, undefined, { mediaType: ociManifest }],
    ['an image without mediaType', { ...image, mediaType: undefined }, ociManifest, {}],
    [
      'an image by its shape alone',
      { ...image, mediaType: undefined },
      undefined,
      { mediaType: ociManifest },
    ],
    [
      'an index by its shape alone',
      { schemaVersion: 2, manifests: [] },
      undefined,
      { mediaType: ociIndex },
    ],
    [
      'a Docker image',
      { ...image, mediaType: dockerManifest },
      dockerManifest,
      { mediaType: dockerManifest },
    ],
    [
      'a Docker list',
      { ...index, mediaType: dockerList },
      dockerList,
      { mediaType: dockerList, requires: needs('manifest', 'a'), references: names('a') },
    ],
    ['no layers', { ...image, layers: [] }, ociManifest, { requires: needs('blob', 'c') }],
    ['no manifests', { ...index, manifests: [] }, ociIndex, { requires: [], references: [] }],
    [
      'an index of indexes',
      { ...index, manifests: [descriptor('a', { mediaType: ociIndex }), descriptor('b')] },
      ociIndex,
      { requires: needs('manifest', 'a', 'b') },
    ],
    [
      'the same layer twice',
      { ...image, layers: [descriptor('1'), descriptor('1')] },
      ociManifest,
      { requires: needs('blob', 'c', '1'), references: names('c', '1') },
    ],
    [
      'unknown fields everywhere',
      { ...image, x: { y: [null, 1.5] }, config: descriptor('c', { z: true, annotations: {} }) },
      ociManifest,
      {},
    ],
    ['embedded data', { ...image, config: descriptor('c', { data: 'e30=' }) }, ociManifest, {}],
    [
      'a layer kept elsewhere by its type',
      {
        ...image,
        layers: [
          descriptor('1', {
            mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
          }),
          descriptor('2', {
            mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
          }),
        ],
      },
      ociManifest,
      { requires: needs('blob', 'c'), references: names('c') },
    ],
    [
      'a layer kept elsewhere by its urls',
      {
        ...image,
        layers: [descriptor('1', { urls: ['https://x'] }), descriptor('2', { urls: [] })],
      },
      ociManifest,
      { requires: needs('blob', 'c', '2'), references: names('c', '2') },
    ],
    [
      'a layer kept elsewhere, of an algorithm unknown here',
      { ...image, layers: [descriptor('1', { digest: 'md5:0', urls: ['https://x'] })] },
      ociManifest,
      { requires: needs('blob', 'c'), references: names('c') },
    ],
    [
      'an artifact',
      { ...image, artifactType: 'application/vnd.example', layers: [] },
      ociManifest,
      { artifactType: 'application/vnd.example' },
    ],
    [
      'an image, whose config says what it is',
      image,
      ociManifest,
      { artifactType: 'application/vnd.oci.image.config.v1+json' },
    ],
    [
      'an empty artifactType is none',
      { ...image, artifactType: '' },
      ociManifest,
      {
        artifactType: 'application/vnd.oci.image.config.v1+json',
      },
    ],
    [
      'an index of an artifact type',
      { ...index, artifactType: 'a/b' },
      ociIndex,
      { artifactType: 'a/b' },
    ],
    ['a subject', { ...image, subject: descriptor('5') }, ociManifest, { subject: digestOf('5') }],
    [
      'a subject of an algorithm unknown here',
      { ...image, subject: descriptor('5', { digest: 'blake3:0' }) },
      ociManifest,
      { subject: 'blake3:0' },
    ],
    ['no subject, said with null', { ...image, subject: null }, ociManifest, {}],
    [
      'annotations',
      { ...image, annotations: { b: '2', a: '1', constructor: 'x' } },
      ociManifest,
      {
        annotations: [
          ['b', '2'],
          ['a', '1'],
          ['constructor', 'x'],
        ],
      },
    ],
    [
      'more annotations than a record holds',
      { ...image, annotations: { a: 'x'.repeat(2048) } },
      ociManifest,
      { annotations: null },
    ],
    [
      'no annotations, said with null',
      { ...image, annotations: null },
      ociManifest,
      { annotations: [] },
    ],
    [
      'a Content-Type with parameters, in uppercase',
      image,
      'Application/VND.OCI.image.Manifest.v1+JSON ; charset=utf-8',
      { mediaType: ociManifest },
    ],
    [
      'null for no layers',
      { ...image, layers: null },
      ociManifest,
      { requires: [{ digest: expect.any(String), kind: 'blob' }] },
    ],
    ['no layers at all', { ...image, layers: undefined }, ociManifest, { references: names('c') }],
    [
      'no layers at all, in a Docker image',
      { ...image, mediaType: dockerManifest, layers: undefined },
      dockerManifest,
      { references: names('c') },
    ],
    [
      'null for every field that may be absent',
      {
        ...image,
        mediaType: null,
        artifactType: null,
        manifests: null,
        subject: null,
        annotations: null,
        layers: [descriptor('1', { urls: null, annotations: null, platform: null, data: null })],
      },
      ociManifest,
      { artifactType: 'application/vnd.oci.image.config.v1+json', references: names('c', '1') },
    ],
    [
      'null for every field that an index may lack',
      { ...index, mediaType: null, artifactType: null, config: null, layers: null, subject: null },
      ociIndex,
      { mediaType: ociIndex, references: names('a') },
    ],
    [
      'an artifactType with a parameter',
      { ...image, artifactType: 'application/vnd.dev.sigstore.bundle+json;version=0.2' },
      ociManifest,
      { artifactType: 'application/vnd.dev.sigstore.bundle+json;version=0.2' },
    ],
    [
      'the longest media type',
      { ...image, artifactType: `${'a'.repeat(127)}/${'b'.repeat(127)}` },
      ociManifest,
      {},
    ],
    [
      'the largest size',
      { ...image, layers: [descriptor('1', { size: 2 ** 53 - 1 })] },
      ociManifest,
      {},
    ],
    [
      'a size that is a whole number, however it is spelt',
      JSON.stringify(image).replace('"size":1', '"size":1.0e0'),
      ociManifest,
      {},
    ],
    ['white space', `\n\t ${JSON.stringify(image, null, 4)}\r\n`, ociManifest, {}],
  ])('%s', (_, document, contentType, facts) => {
    expect(read(document, contentType)).toMatchObject(facts)
  })

  test('an annotation called __proto__ is one like others', () => {
    const text = JSON.stringify(image).replace(/}$/, ',"annotations":{"__proto__":"x","a":"b"}}')
    expect(read(text).annotations).toEqual([
      ['__proto__', 'x'],
      ['a', 'b'],
    ])
  })

  test('an index without a type of its own has none, a subject neither', () => {
    expect('artifactType' in read(index)).toBe(false)
    expect('subject' in read(index)).toBe(false)
    expect('subject' in read({ ...image, subject: null })).toBe(false)
  })

  test('an annotation with any Unicode in it stays what it is', () => {
    const annotations = { '\ud800': '\u0000', é: '\u{1F600}' }
    const facts = read({ ...image, annotations })
    expect(facts.annotations).toEqual(Object.entries(annotations))
  })
})

describe('what is refused', () => {
  test.each<[string, unknown, string | undefined, RegExp]>([
    ['nothing', '', ociManifest, /not JSON/],
    ['no JSON', '{', ociManifest, /not JSON/],
    ['more than JSON', `${JSON.stringify(image)}{}`, ociManifest, /./],
    ['a comment', `/**/${JSON.stringify(image)}`, ociManifest, /not JSON/],
    ['a byte order mark', `\ufeff${JSON.stringify(image)}`, ociManifest, /not JSON/],
    ['a number', '2', ociManifest, /./],
    ['null', 'null', ociManifest, /./],
    ['an array', '[]', ociManifest, /./],
    ['an array of one', JSON.stringify([image]), ociManifest, /./],
    ['an image with manifests', { ...image, manifests: [] }, ociManifest, /no manifests/],
    ['an index with layers', { ...index, layers: [] }, ociIndex, /no layers/],
    ['an index with a config', { ...index, config }, ociIndex, /no config/],
    [
      'a mix without a type',
      { ...image, mediaType: undefined, manifests: [] },
      undefined,
      /no (layers|config)/,
    ],
    ['an image sent as an index', image, ociIndex, /Content-Type says/],
    ['an image sent as Docker’s', image, dockerManifest, /Content-Type says/],
    [
      'an untyped image sent as an index',
      { ...image, mediaType: undefined },
      ociIndex,
      /no (layers|config)/,
    ],
    [
      'an untyped index sent as an image',
      { schemaVersion: 2, manifests: [] },
      ociManifest,
      /no manifests/,
    ],
    ['an image without a config', { schemaVersion: 2, layers: [] }, ociManifest, /has a config/],
    ['an index without manifests', { schemaVersion: 2 }, ociIndex, /has manifests/],
    ['nothing but a version', { schemaVersion: 2 }, undefined, /./],
    ['no version', { ...image, schemaVersion: undefined }, ociManifest, /schemaVersion/],
    [
      'schema 1',
      { schemaVersion: 1, name: 'x', tag: 'y', fsLayers: [], history: [] },
      undefined,
      /schemaVersion/,
    ],
    [
      'schema 1 by its type',
      image,
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
      /./,
    ],
    ['schema 3', { ...image, schemaVersion: 3 }, ociManifest, /schemaVersion/],
    ['a version in a string', { ...image, schemaVersion: '2' }, ociManifest, /schemaVersion/],
    ['another type', { ...image, mediaType: 'application/json' }, undefined, /not a manifest type/],
    [
      'another Content-Type',
      { ...image, mediaType: undefined },
      'application/json',
      /not a manifest type/,
    ],
    ['a Content-Type that is none', image, 'json', /not a media type/],
    ['an empty Content-Type', image, '', /not a media type/],
    ['a mediaType that is none', { ...image, mediaType: 'x\r\ny' }, undefined, /mediaType/],
    ['an empty mediaType', { ...image, mediaType: '' }, undefined, /mediaType/],
    ['a mediaType that is a number', { ...image, mediaType: 1 }, undefined, /mediaType/],
    ['a null config', { ...image, config: null }, undefined, /config/],
    [
      'a mediaType in uppercase',
      { ...image, mediaType: ociManifest.toUpperCase() },
      ociManifest,
      /mediaType/,
    ],
    [
      'a mediaType with a newline',
      { ...image, mediaType: `${ociManifest}\n` },
      ociManifest,
      /mediaType/,
    ],
    ['a null layer', { ...image, layers: [null] }, undefined, /layers\.0/],
    ['layers in an object', { ...image, layers: { 0: config } }, undefined, /layers/],
    ['a config in an array', { ...image, config: [config] }, undefined, /config/],
    [
      'a negative size',
      { ...image, layers: [descriptor('1', { size: -1 })] },
      undefined,
      /layers\.0\.size/,
    ],
    [
      'a size beyond 2^53',
      { ...image, layers: [descriptor('1', { size: 2 ** 53 })] },
      undefined,
      /size/,
    ],
    ['half a byte', { ...image, layers: [descriptor('1', { size: 0.5 })] }, undefined, /size/],
    [
      'a size in a string',
      { ...image, layers: [descriptor('1', { size: '1' })] },
      undefined,
      /size/,
    ],
    ['no size', { ...image, layers: [descriptor('1', { size: undefined })] }, undefined, /size/],
    [
      'an infinite size',
      JSON.stringify(image).replace('"size":1', '"size":1e999'),
      undefined,
      /size/,
    ],
    [
      'no digest',
      { ...image, layers: [descriptor('1', { digest: undefined })] },
      undefined,
      /digest/,
    ],
    [
      'a bad digest',
      { ...image, layers: [descriptor('1', { digest: 'sha256:x' })] },
      undefined,
      /not a digest/,
    ],
    [
      'a digest with a path',
      { ...image, config: descriptor('c', { digest: 'sha256:../../x' }) },
      undefined,
      /not a digest/,
    ],
    [
      'an unknown algorithm',
      { ...image, layers: [descriptor('1', { digest: 'md5:0' })] },
      undefined,
      /sha256 or sha512/,
    ],
    [
      'no media type of a layer',
      { ...image, layers: [descriptor('1', { mediaType: undefined })] },
      undefined,
      /mediaType/,
    ],
    [
      'urls that are none',
      { ...image, layers: [descriptor('1', { urls: 'https://x' })] },
      undefined,
      /urls/,
    ],
    ['a subject that is none', { ...image, subject: 'x' }, undefined, /subject/],
    [
      'a subject without a size',
      { ...image, subject: { digest: digestOf('1'), mediaType: 'a/b' } },
      undefined,
      /subject/,
    ],
    [
      'a subject of no digest',
      { ...image, subject: descriptor('1', { digest: 'x\r\ny' }) },
      undefined,
      /not a digest/,
    ],
    [
      'an annotation that is no string',
      { ...image, annotations: { a: 1 } },
      undefined,
      /annotations/,
    ],
    ['annotations in an array', { ...image, annotations: ['a'] }, undefined, /annotations/],
    [
      'a null media type of a layer',
      { ...image, layers: [descriptor('1', { mediaType: null })] },
      undefined,
      /layers\.0\.mediaType is not a string/,
    ],
    [
      'a media type of a layer that is not one',
      { ...image, layers: [descriptor('1', { mediaType: 'tar' })] },
      undefined,
      /layers\.0\.mediaType is not a media type/,
    ],
    [
      'a media type of a config longer than media types are',
      { ...image, config: descriptor('c', { mediaType: `a/${'b'.repeat(254)}` }) },
      undefined,
      /config\.mediaType is longer than 255/,
    ],
    [
      'an artifactType that is not a media type',
      { ...image, artifactType: '\ud800' },
      undefined,
      /artifactType is not a media type/,
    ],
    [
      'an artifactType with a line break',
      { ...image, artifactType: 'a/b;x=\r\ny' },
      undefined,
      /artifactType is not a media type/,
    ],
    ...(['config', 'subject', 'layers', 'manifests'] as const).map(
      (field): [string, unknown, undefined, RegExp] => {
        const one = descriptor('1', { annotations: { a: 'b', c: 1 } })
        const document = field === 'manifests' ? index : image
        const value = field === 'layers' || field === 'manifests' ? [one] : one
        return [
          `an annotation of ${field} that is not a string`,
          { ...document, [field]: value },
          undefined,
          /annotations\.c is not a string/,
        ]
      },
    ),
    [
      'the same key twice in a descriptor',
      JSON.stringify(image).replace('"size":1', '"size":1,"size":2'),
      ociManifest,
      /size stands in it twice/,
    ],
    [
      'a key of a descriptor in another case',
      JSON.stringify(image).replace('"size":1', '"size":1,"Urls":[]'),
      ociManifest,
      /Urls differs/,
    ],
    ['an artifactType that is no string', { ...image, artifactType: 1 }, undefined, /artifactType/],
    ['the same key twice', JSON.stringify(image).replace('{', '{"layers":[],'), undefined, /twice/],
    ['a key in another case', { ...image, Manifests: [] }, undefined, /case/],
    ['a key with the long s', { ...image, 'manife\u017ft\u017f': [] }, undefined, /case/],
    [
      'nesting',
      JSON.stringify(image).replace(/}$/, `,"x":${'['.repeat(100)}${']'.repeat(100)}}`),
      undefined,
      /nested/,
    ],
  ])('%s', (_, document, contentType, reason) => {
    expect(reasonFor(bytesOf(document), contentType)).toMatch(reason)
    expect(reasonFor(bytesOf(document), contentType)).not.toBe('accepted')
  })

  test.each([
    ['a lone continuation', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['half a character', [0xe2, 0x82]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00]],
  ])('text that is not UTF-8: %s', (_, bad) => {
    const text = bytesOf(JSON.stringify({ ...image, x: '?' }))
    const at = text.lastIndexOf('?'.charCodeAt(0))
    const bytes = new Uint8Array([...text.slice(0, at), ...bad, ...text.slice(at + 1)])
    expect(reasonFor(bytes)).toMatch(/not JSON in UTF-8/)
  })

  test('what is said of it is short, whatever it holds', () => {
    const long = 'x'.repeat(1_000_000)
    const documents = [
      { ...image, layers: [descriptor('1', { digest: long })] },
      { ...image, subject: descriptor('1', { digest: long }) },
      { ...image, mediaType: `a/${long}` },
      { ...image, schemaVersion: long },
      { ...image, [long]: 1, layers: long },
      { ...image, annotations: { [long]: 1 } },
      { ...image, layers: [descriptor('1', { size: long })] },
    ]
    for (const document of documents) expect(reasonFor(bytesOf(document)).length).toBeLessThan(400)
  })
})

describe('what a list may hold', () => {
  const many = (count: number): string => {
    const entries = Array.from({ length: count }, (_, at) =>
      JSON.stringify({
        mediaType: 'a/b',
        size: 1,
        digest: `sha256:${String(at).padStart(64, '0')}`,
      }),
    )
    return `[${entries.join(',')}]`
  }
  const withLayers = (layers: string): Uint8Array =>
    bytesOf(JSON.stringify({ ...image, layers: 0 }).replace('"layers":0', `"layers":${layers}`))

  test('as many layers as the limit are taken', () => {
    expect(parseManifest(withLayers(many(10_000)), undefined, 10_000).references).toHaveLength(
      10_001,
    )
  })

  test.each([
    ['layers', withLayers(many(11))],
    ['manifests', bytesOf(`{"schemaVersion":2,"manifests":${many(11)}}`)],
    // The entries behind the limit are not looked at.
    ['layers', withLayers(many(11).replace(/]$/, ',{}]'))],
  ])('one more of %s is refused, with the limit', (field, bytes) => {
    const push = (): unknown => parseManifest(bytes, undefined, 10)
    expect(push).toThrow(
      expect.objectContaining({ kind: 'tooManyDescriptors', details: [{ field, limit: 10 }] }),
    )
  })
})

test('any JSON at all is taken or refused in words, at once', () => {
  const anything = fc.jsonValue({ maxDepth: 4 })
  const field = fc.constantFrom(
    'schemaVersion',
    'mediaType',
    'config',
    'layers',
    'manifests',
    'subject',
    'annotations',
    'artifactType',
    '__proto__',
    'constructor',
  )
  const documents = fc.array(fc.tuple(field, anything), { maxLength: 4 }).map((fields) => {
    const parts = fields.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
    return `{${[...parts, ...Object.entries(image).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)].slice(0, 5).join(',')}}`
  })
  fc.assert(
    fc.property(
      fc.oneof(
        documents,
        anything.map((value) => JSON.stringify(value)),
      ),
      (text) => {
        expect(reasonFor(bytesOf(text))).not.toBe('')
      },
    ),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      expect(reasonFor(bytes)).not.toBe('')
    }),
  )
})

test('an index whose manifests are null lacks them, as null is the same as absent everywhere', () => {
  for (const manifests of [null, undefined]) {
    expect(() => read({ ...index, manifests }, ociIndex)).toThrow(
      'an index has manifests, if only []',
    )
  }
})
