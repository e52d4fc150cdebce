import { expect, test } from 'vitest'
import { tagName } from '../../src/oci/tag.ts'
import { comparePlaces, parsePlace, placeText, tagPlace } from '../../src/oci/tag-place.ts'

const orders = ['name', 'updated', 'version', 'size'] as const
const facts = ['latest', '1.0', 'a_b'].flatMap((tag) =>
  [null, 0, 2 ** 53 - 1].map((contentSize) => ({
    tag: tagName(tag),
    updatedAt: 1_700_000_000_000.25,
    contentSize,
  })),
)

test('a place is the same once it was text', () => {
  for (const order of orders) {
    for (const one of facts) {
      const place = tagPlace(order, one)
      expect(parsePlace(order, placeText(order, place))).toEqual(place)
    }
  }
})

test('what is not a place in an order is refused', () => {
  for (const [order, text] of [
    ['name', ''],
    ['name', '5:latest'],
    ['version', 'é'],
    ['updated', 'latest'],
    ['updated', ':latest'],
    ['updated', '1e3:latest'],
    ['size', '-5:latest'],
    ['size', '5:'],
    ['size', '5:a:b'],
  ] as const) {
    expect(() => parsePlace(order, text), `${order} ${text}`).toThrow(
      expect.objectContaining({ kind: 'pageInvalid' }),
    )
  }
})

test('descending turns all around, but that versions come first', () => {
  const [version, other] = ['1.0', 'latest'].map((tag) =>
    tagPlace('version', { tag: tagName(tag), updatedAt: 0, contentSize: null }),
  )
  if (version === undefined || other === undefined) throw new Error('there are two')
  expect(comparePlaces(version, other, false)).toBeLessThan(0)
  expect(comparePlaces(version, other, true)).toBeLessThan(0)
})
