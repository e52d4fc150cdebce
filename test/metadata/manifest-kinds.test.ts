import { expect, test } from 'vitest'
import { ManifestKinds } from '../../src/metadata/manifest-kinds.ts'
import type { ManifestRecord } from '../../src/ports/metadata-store.ts'
import { digests, recordOf } from './samples.ts'

const [digest] = digests as [(typeof digests)[0]]

const recordWith = (more: Partial<ManifestRecord>): ManifestRecord => ({
  ...recordOf(digest),
  pushedAt: 1,
  ...more,
})

test("manifests of one kind share it, and what is one manifest's own is not shared", () => {
  const kinds = new ManifestKinds()
  const image = { mediaType: 'a/image', artifactType: 'a/config' }
  const first = kinds.of(recordWith(image))
  expect(first).toEqual({ ...image, subject: undefined, annotations: undefined })
  expect(kinds.of(recordWith(image))).toBe(first)
  expect(kinds.of(recordWith({ mediaType: 'a/image' })).artifactType).toBeUndefined()
  expect(kinds.of(recordWith({ ...image, mediaType: 'a/index' })).mediaType).toBe('a/index')
  const own = { subject: digest, annotations: [['key', 'value']] as const }
  expect(kinds.of(recordWith({ ...image, ...own }))).toEqual({ ...image, ...own })
  expect(kinds.of(recordWith(image))).toBe(first)
})

test('kinds are right, however many there are', () => {
  const kinds = new ManifestKinds()
  for (let round = 0; round < 2; round += 1) {
    for (let at = 0; at < 1500; at += 1) {
      const said = { mediaType: `a/${at % 30}`, artifactType: `b/${at}` }
      expect(kinds.of(recordWith(said))).toMatchObject(said)
    }
  }
})
