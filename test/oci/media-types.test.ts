import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  isNonDistributable,
  manifestShape,
  mediaTypes,
  normalizeMediaType,
} from '../../src/oci/media-types.ts'
import { cpuMs } from '../cpu-time.ts'
import { anyText, longStrings } from './hostile-strings.ts'

test.each([
  [mediaTypes.ociManifest, 'image'],
  [mediaTypes.dockerManifest, 'image'],
  [mediaTypes.ociIndex, 'index'],
  [mediaTypes.dockerManifestList, 'index'],
  [mediaTypes.json, null],
  [mediaTypes.octetStream, null],
  ['application/vnd.docker.distribution.manifest.v1+json', null],
  ['application/vnd.docker.distribution.manifest.v1+prettyjws', null],
  ['application/vnd.oci.artifact.manifest.v1+json', null],
  ['', null],
  ['constructor', null],
])('%s promises %s', (mediaType, shape) => {
  expect(manifestShape(mediaType)).toBe(shape)
})

test.each([
  ['application/json', 'application/json'],
  ['Application/JSON', 'application/json'],
  ['application/json; charset=utf-8', 'application/json'],
  ['application/json;charset=utf-8;x=";"', 'application/json'],
  ['  application/json\t', 'application/json'],
  ['application/vnd.oci.image.index.v1+json', mediaTypes.ociIndex],
  ['a/b!#$&^_.+-9', 'a/b!#$&^_.+-9'],
])('%j is %s', (text, expected) => {
  expect(normalizeMediaType(text)).toBe(expected)
})

test.each([
  '',
  'json',
  'application/',
  '/json',
  'application/json, text/plain',
  'application/json/x',
  'application/j son',
  'application/json\r\nX: y',
  'application/json\0',
  'application/jsön',
  '+a/b',
  `a/${'b'.repeat(128)}`,
  // The Kelvin sign becomes an ordinary k in lowercase; other readers do not take this for Docker's type.
  'application/vnd.doc\u212aer.distribution.manifest.v2+json',
])('%j is no media type', (text) => {
  expect(normalizeMediaType(text)).toBeNull()
})

test('an accepted type is ASCII, does not change again, and is part of its text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const bare = normalizeMediaType(text)
      if (bare === null) return
      expect(normalizeMediaType(bare)).toBe(bare)
      expect(bare).toMatch(/^[!-:<-~]+$/)
    }),
  )
})

test('the type of a layer says that its content may be elsewhere', () => {
  expect(isNonDistributable('application/vnd.oci.image.layer.nondistributable.v1.tar+gzip')).toBe(
    true,
  )
  expect(isNonDistributable('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip')).toBe(true)
  expect(isNonDistributable('application/vnd.oci.image.layer.v1.tar+gzip')).toBe(false)
  expect(isNonDistributable('')).toBe(false)
})

test('long strings are read at once', async () => {
  const used = await cpuMs(() => {
    for (const text of longStrings) {
      expect(normalizeMediaType(text)?.length ?? 0).toBeLessThan(256)
    }
  })
  expect(used).toBeLessThan(2000)
})
