/** Two to four numbers, with a `v` or without, and what may follow a dash. */
const version = /^v?(\d+(?:\.\d+){1,3})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/

/** How the keys of versions begin, and of them alone. Keys of other tags begin with `1`. */
export const versionMark = '0'

/** Numbers that a version has. Those that are not there are 0. */
const mostNumbers = 4

/**
 * A key for a tag: the order of keys by their bytes is the order of tags by version.
 *
 * Versions come first, by precedence (Semantic Versioning 2.0.0, section 11): two to four numbers, with `v` or without,
 * leading zeros or not, `1.2` as `1.2.0`; with something after a dash before the same without. What follows an
 * underscore does not count: Helm writes it for `+`. Then come all other tags, in natural order: `build-9` before
 * `build-10`. Tags with the same key are to be sorted by name.
 *
 * A key is ASCII, of at most 600 characters for a tag of 128.
 */
export function versionKey(tag: string): string {
  const end = tag.indexOf('_')
  const found = version.exec(end === -1 ? tag : tag.slice(0, end))
  if (found === null) return `1${naturalKey(tag)}`
  const [, release = '', before] = found
  const numbers = release.split('.')
  let key = versionMark
  for (let at = 0; at < mostNumbers; at += 1) key += numberKey(numbers[at] ?? '')
  return before === undefined ? `${key}~` : `${key}-${before.split('.').map(partKey).join('')}`
}

/** Less than none where the one tag comes before the other by version, 0 where both are the same by that. */
export function compareByVersion(one: string, other: string): number {
  const [first, second] = [versionKey(one), versionKey(other)]
  return first < second ? -1 : first > second ? 1 : 0
}

/** A part after the dash: numbers by their value and before words, which end with what comes before all they have. */
function partKey(part: string): string {
  return /^\d+$/.test(part) ? `0${numberKey(part)}` : `1${part}!`
}

function naturalKey(tag: string): string {
  return tag.replace(/\d+/g, (digits) => `0${numberKey(digits)}`)
}

/** Digits, behind how many there are. */
function numberKey(digits: string): string {
  const value = digits.replace(/^0+/, '')
  return value.length.toString(16).padStart(2, '0') + value
}
