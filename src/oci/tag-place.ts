import { RegistryError } from './registry-error.ts'
import { parseTag, type Tag } from './tag.ts'
import { versionKey } from './tag-version.ts'

/** What a tag is sorted by. */
export interface TagFacts {
  readonly tag: Tag
  /** In milliseconds since the epoch. */
  readonly updatedAt: number
  /** In bytes; null where it is not known. */
  readonly contentSize: number | null
}

/** What tags are sorted by; see `TagOrder` of the ports. */
type Order = 'name' | 'updated' | 'version' | 'size'

/** Where a tag stands in an order. */
export interface TagPlace {
  readonly tag: Tag
  /** The time, or the size: -1 where it is not known. 0 where the name alone decides. */
  readonly number: number
  /** By version: its key. Empty elsewhere. */
  readonly key: string
}

/** Where a tag stands in an order. */
export function tagPlace(order: Order, { tag, updatedAt, contentSize }: TagFacts): TagPlace {
  const number = order === 'updated' ? updatedAt : order === 'size' ? (contentSize ?? -1) : 0
  return { tag, number, key: order === 'version' ? versionKey(tag) : '' }
}

/** Less than none where `one` comes before `other`, in the direction that is asked for. */
export function comparePlaces(one: TagPlace, other: TagPlace, descending: boolean): number {
  const versions = compare(groupOf(one), groupOf(other))
  if (versions !== 0) return versions
  const order =
    one.number - other.number || compare(one.key, other.key) || compare(one.tag, other.tag)
  return descending ? -order : order
}

/** A place as the `after` of a search. */
export function placeText(order: Order, { tag, number }: TagPlace): string {
  return order === 'updated' || order === 'size' ? `${number}:${tag}` : tag
}

/** @throws RegistryError `pageInvalid` where the text is not a place in that order. */
export function parsePlace(order: Order, text: string): TagPlace {
  const hasNumber = order === 'updated' || order === 'size'
  const at = hasNumber ? text.indexOf(':') : -1
  const tag = parseTag(text.slice(at + 1))
  const number =
    hasNumber && /^(?:-1|\d{1,16}(?:\.\d{1,16})?)$/.test(text.slice(0, at))
      ? Number(text.slice(0, at))
      : null
  if (tag === null || (hasNumber && number === null)) {
    const advice = 'after is the next of the page before, in the same order'
    throw new RegistryError('pageInvalid', { advice, detail: { after: text.slice(0, 200) } })
  }
  return { tag, number: number ?? 0, key: order === 'version' ? versionKey(tag) : '' }
}

/** How the keys of tags begin that are no versions. */
const otherMark: number = '1'.charCodeAt(0)

/** By version: 0 for versions, which come first in both directions. */
function groupOf({ key }: TagPlace): number {
  return key.charCodeAt(0) === otherMark ? 1 : 0
}

function compare<T extends string | number>(one: T, other: T): number {
  return one < other ? -1 : one > other ? 1 : 0
}
