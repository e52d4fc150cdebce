import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareByVersion, versionKey } from '../../src/oci/tag-version.ts'
import { runs } from '../sample.ts'

/** Tags in their order; those in one list are the same by version. */
const ascending = [
  ['0.0', '0.0.0', 'v0.0.0.0', '00.00'],
  ['0.9.10'],
  ['1.0.0-0'],
  ['1.0.0-2', '1.0.0-02'],
  ['1.0.0-10', 'v1.0-10'],
  ['1.0.0--'],
  ['1.0.0-10a'],
  ['1.0.0-alpha'],
  ['1.0.0-alpha.1'],
  ['1.0.0-alpha.beta'],
  ['1.0.0-alpha-1'],
  ['1.0.0-beta.2'],
  ['1.0.0-beta.11'],
  ['1.0.0', 'v1.0.0', '1.0.0_x', 'v1.0.0_build.5-7'],
  ['1.0.0.1'],
  ['1.9.0'],
  ['v1.10.0-alpine3.18'],
  ['v1.10.0'],
  ['22.04'],
  ['20240115.1'],
  ['99999999999999999999.0.0'],
  ['1', '01'],
  ['1.2.3-'],
  ['1.2.3.4.5'],
  ['2'],
  ['10'],
  ['V1.0'],
  ['_1.0'],
  ['build'],
  ['build-9', 'build-09'],
  ['build-10'],
  ['build-10-a'],
  ['build-10a'],
  ['latest'],
  ['v1'],
  ['v2'],
  ['v10'],
  ['x1.2.3'],
] as const

test('tags are in the order of their versions, then in natural order', () => {
  const places = ascending.flatMap((same, at) => same.map((tag) => [tag, at] as const))
  const wrong = places.flatMap(([one, at]) =>
    places
      .filter(([other, place]) => Math.sign(compareByVersion(one, other)) !== Math.sign(at - place))
      .map(([other]) => `${one} and ${other}`),
  )
  expect(wrong).toEqual([])
})

/** The same order, in the plainest way. */
function reference(one: string, other: string): number {
  const [first, second] = [parse(one), parse(other)]
  if (first === null || second === null) {
    if (first !== second) return first === null ? 1 : -1
    return natural(one, other)
  }
  for (const at of [0, 1, 2, 3]) {
    const [a = 0n, b = 0n] = [first.numbers[at], second.numbers[at]]
    if (a !== b) return a < b ? -1 : 1
  }
  if (first.before === null || second.before === null) {
    return Number(first.before === null) - Number(second.before === null)
  }
  for (let at = 0; ; at += 1) {
    const [a, b] = [first.before[at], second.before[at]]
    if (a === undefined || b === undefined) return Number(b === undefined) - Number(a === undefined)
    const [isA, isB] = [/^\d+$/.test(a), /^\d+$/.test(b)]
    if (isA !== isB) return isA ? -1 : 1
    const order = isA ? compare(BigInt(a), BigInt(b)) : compare(a, b)
    if (order !== 0) return order
  }
}

function parse(tag: string): { numbers: bigint[]; before: string[] | null } | null {
  const found = /^v?(\d+(?:\.\d+){1,3})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:_.*)?$/.exec(tag)
  if (found === null) return null
  const numbers = (found[1] ?? '').split('.').map(BigInt)
  return { numbers, before: found[2]?.split('.') ?? null }
}

function natural(one: string, other: string): number {
  const parts = (tag: string): string[] => tag.match(/\d+|\D/g) ?? []
  const [first, second] = [parts(one), parts(other)]
  for (let at = 0; ; at += 1) {
    const [a, b] = [first[at], second[at]]
    if (a === undefined || b === undefined) return Number(b === undefined) - Number(a === undefined)
    const areNumbers = /\d/.test(a) && /\d/.test(b)
    // A number is where its digits are, among other characters.
    const order = areNumbers ? compare(BigInt(a), BigInt(b)) : compare(at0(a), at0(b))
    if (order !== 0) return order
  }
}

function at0(part: string): string {
  return /\d/.test(part) ? '0' : part
}

function compare<T extends string | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

const piece = fc.constantFrom(...'v0129.-_aZ', '1.0', '-rc.', '0.0.')
const tag = fc
  .array(piece, { minLength: 1, maxLength: 9 })
  .map((pieces) => pieces.join(''))
  .filter((text) => /^[a-zA-Z0-9_]/.test(text))

test('keys have the order of the tags, whatever the tags are', () => {
  fc.assert(
    fc.property(tag, tag, (one, other) => {
      expect(Math.sign(compareByVersion(one, other))).toBe(reference(one, other))
    }),
    { numRuns: runs(20_000) },
  )
})

test('a key is short ASCII', () => {
  for (const tag of [
    '1a'.repeat(64),
    `1.1-${'1.'.repeat(61)}1`,
    '9'.repeat(128),
    'a'.repeat(128),
  ]) {
    expect(versionKey(tag)).toMatch(/^[!-~]{1,600}$/)
  }
})
