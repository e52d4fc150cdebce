/** How the keys of versions begin, and of them alone. Keys of other tags begin with `1`. */
export const versionMark = '0'

/** Numbers that a version has at most, and at least. Those that are not there are 0. */
const mostNumbers = 4
const fewestNumbers = 2

/** How long a number is, in two digits: what stands before it. */
const lengths: readonly string[] = Array.from({ length: 256 }, (_, length) =>
  length.toString(16).padStart(2, '0'),
)

const [digit0, digit9, dot, dash, letterV] = [0x30, 0x39, 0x2e, 0x2d, 0x76]

/**
 * A key for a tag: the order of keys by their bytes is the order of tags by version.
 *
 * Versions come first, by precedence (Semantic Versioning 2.0.0, section 11): two to four numbers, with `v` or without,
 * leading zeros or not, `1.2` as `1.2.0`; with something after a dash before the same without. What follows an
 * underscore does not count: Helm writes it for `+`. Then come all other tags, in natural order: `build-9` before
 * `build-10`. Tags with the same key are to be sorted by name.
 *
 * A key is ASCII, of at most 600 characters for a tag of 128. It is made without regular expressions: a page sorts a
 * hundred thousand tags.
 */
export function versionKey(tag: string): string {
  const underscore = tag.indexOf('_')
  const end = underscore === -1 ? tag.length : underscore
  let key = versionMark
  let count = 0
  for (let at = tag.charCodeAt(0) === letterV ? 1 : 0; count < mostNumbers; at += 1) {
    const after = digitsEnd(tag, at, end)
    if (after === at) break
    key += numberKey(tag, at, after)
    count += 1
    at = after
    if (at < end && tag.charCodeAt(at) === dot && count < mostNumbers) continue
    if (count < fewestNumbers) break
    for (; count < mostNumbers; count += 1) key += '00'
    if (at === end) return `${key}~`
    const parts = tag.charCodeAt(at) === dash ? partKeys(tag, at + 1, end) : null
    if (parts !== null) return `${key}-${parts}`
  }
  return `1${naturalKey(tag)}`
}

/** Less than none where the one tag comes before the other by version, 0 where both are the same by that. */
export function compareByVersion(one: string, other: string): number {
  const [first, second] = [versionKey(one), versionKey(other)]
  return first < second ? -1 : first > second ? 1 : 0
}

/**
 * The parts after the dash: numbers by their value and before words, which end with what comes before all they have. Null
 * where a part is empty.
 */
function partKeys(tag: string, start: number, end: number): string | null {
  let keys = ''
  for (let at = start; ; at += 1) {
    const dotAt = tag.indexOf('.', at)
    const after = dotAt === -1 || dotAt > end ? end : dotAt
    if (after === at) return null
    const isNumber = digitsEnd(tag, at, after) === after
    keys += isNumber ? `0${numberKey(tag, at, after)}` : `1${tag.slice(at, after)}!`
    at = after
    if (at === end) return keys
  }
}

/** The tag with how long its numbers are before each. */
function naturalKey(tag: string): string {
  let key = ''
  let copied = 0
  for (let at = 0; at < tag.length; at += 1) {
    const after = digitsEnd(tag, at, tag.length)
    if (after === at) continue
    key += `${tag.slice(copied, at)}0${numberKey(tag, at, after)}`
    copied = after
    at = after - 1
  }
  return key + tag.slice(copied)
}

/** Where the digits end that begin at a place. */
function digitsEnd(tag: string, start: number, end: number): number {
  let at = start
  while (at < end) {
    const code = tag.charCodeAt(at)
    if (code < digit0 || code > digit9) return at
    at += 1
  }
  return at
}

/** Digits without leading zeros, behind how many there are. */
function numberKey(tag: string, start: number, end: number): string {
  let first = start
  while (first < end && tag.charCodeAt(first) === digit0) first += 1
  return lengths[end - first] + tag.slice(first, end)
}
