import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Referrers } from '../../src/metadata/referrers.ts'
import { type Descriptor, mostDescriptors } from '../../src/oci/descriptor.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { sampleDigest } from '../../src/testing/samples.ts'

const types = ['application/a', 'application/b', undefined]

function descriptorOf(number: number): Descriptor {
  const artifactType = types[number % types.length]
  return {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: sampleDigest(number),
    size: number,
    ...(artifactType === undefined ? {} : { artifactType }),
    annotations: [['key', 'v'.repeat(number % 90)]],
  }
}

/** All pages of what is asked for. */
function listed(
  referrers: Referrers,
  find: (digest: Digest) => Descriptor | null,
  maxBytes: number,
  artifactType?: string,
): Descriptor[] {
  const all: Descriptor[] = []
  for (;;) {
    const after = all.at(-1)?.digest
    const request = {
      maxBytes,
      ...(after === undefined ? {} : { after }),
      ...(artifactType === undefined ? {} : { artifactType }),
    }
    const { items, more } = referrers.page(request, find)
    const bytes = JSON.stringify(items).length
    if (items.length > 1) expect(bytes).toBeLessThan(maxBytes * 1.5)
    all.push(...items)
    if (!more) return all
    expect(items.length).toBeGreaterThan(0)
  }
}

test('lists the same before and after there are many, whole or by type, in pages of any size', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(Array.from({ length: 700 }, (_, number) => number)),
      fc.nat(500),
      fc.constantFrom(1, 3000, 1e9),
      (numbers, removed, maxBytes) => {
        const known = new Map<Digest, Descriptor>()
        const find = (digest: Digest): Descriptor | null => known.get(digest) ?? null
        const referrers = new Referrers()
        for (const number of numbers) {
          const manifest = descriptorOf(number)
          known.set(manifest.digest, manifest)
          referrers.add(manifest, find)
        }
        for (const number of numbers.slice(0, removed)) referrers.remove(descriptorOf(number))
        const all = numbers
          .slice(removed)
          .map(descriptorOf)
          .sort((a, b) => (a.digest < b.digest ? -1 : 1))
        expect(referrers.size).toBe(all.length)
        expect(listed(referrers, find, maxBytes)).toEqual(all)
        for (const type of ['application/a', 'application/none', '']) {
          const ofType = all.filter(({ artifactType }) => artifactType === type)
          expect(listed(referrers, find, maxBytes, type)).toEqual(ofType)
        }
      },
    ),
    { numRuns: 30 },
  )
})

test('a page has a bounded number of descriptors, however short they are', () => {
  const known = new Map<Digest, Descriptor>()
  const find = (digest: Digest): Descriptor | null => known.get(digest) ?? null
  const referrers = new Referrers()
  for (let number = 0; number < 5000; number += 1) {
    const manifest = descriptorOf(number)
    known.set(manifest.digest, manifest)
    referrers.add(manifest, find)
  }
  const page = referrers.page({ maxBytes: 1e9 }, find)
  expect([page.items.length, page.more]).toEqual([mostDescriptors, true])
  expect(listed(referrers, find, 1e9)).toHaveLength(5000)
})
