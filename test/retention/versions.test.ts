import fc from 'fast-check'
import { expect, test } from 'vitest'
import { followedBy } from '../../src/retention/following-tags.ts'
import { compareVersions, versionOf } from '../../src/retention/versions.ts'

/** As Semantic Versioning 2.0.0 orders them. */
const ascending = [
  '0.0.0',
  '0.9.10',
  '1.0.0-1',
  '1.0.0-2',
  '1.0.0-10',
  '1.0.0-alpha',
  '1.0.0-alpha.1',
  '1.0.0-alpha.beta',
  '1.0.0-beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11',
  '1.0.0-rc.1',
  '1.0.0',
  '1.0.1',
  '1.9.0',
  '1.10.0',
  '2.0.0',
  '10.0.0',
  '99999999999999999999.0.0',
]

function order(one: string, other: string): number {
  const [first, second] = [versionOf(one), versionOf(other)]
  if (first === null || second === null) throw new Error(`${one} or ${other} is no version`)
  return Math.sign(compareVersions(first, second))
}

test('versions are ordered as the specification says', () => {
  for (const [at, one] of ascending.entries()) {
    for (const [other, version] of ascending.entries()) {
      expect(order(one, version), `${one} and ${version}`).toBe(Math.sign(at - other))
    }
  }
})

test('a v, and what stands behind an underscore, changes nothing', () => {
  expect(order('v1.2.3', '1.2.3')).toBe(0)
  expect(order('1.2.3_build.5', '1.2.3')).toBe(0)
  expect(order('v1.2.3-rc.1_x', '1.2.3-rc.1')).toBe(0)
})

test('what is no version has none', () => {
  for (const tag of ['latest', '1.2', '01.2.3', '1.2.3-', 'v', '1.2.3-01', 'x1.2.3']) {
    expect(versionOf(tag), tag).toBeNull()
  }
})

test('a tag that is named after a digest belongs to that manifest', () => {
  const hex = 'a'.repeat(64)
  for (const end of ['', '.sig', '.att', '.sbom', '.a-b_c']) {
    expect(followedBy(`sha256-${hex}${end}`)).toBe(`sha256:${hex}`)
  }
  expect(followedBy(`sha512-${hex}${hex}`)).toBe(`sha512:${hex}${hex}`)
  for (const tag of [`sha256-${hex}a`, `sha512-${hex}`, `sha256-${hex.toUpperCase()}`, `x${hex}`]) {
    expect(followedBy(tag), tag).toBeNull()
  }
})

test('any two versions are in one order, whichever is first', () => {
  const part = fc.oneof(fc.nat(20).map(String), fc.constantFrom('a', 'rc', 'b-1'))
  const version = fc
    .tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.array(part, { maxLength: 3 }))
    .map(([a, b, c, before]) => `${a}.${b}.${c}${before.length > 0 ? `-${before.join('.')}` : ''}`)
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(order(a, b) + order(b, a)).toBe(0)
      if (order(a, b) <= 0 && order(b, c) <= 0) expect(order(a, c)).toBeLessThanOrEqual(0)
    }),
  )
})
