import { SortedNames } from './sorted-names.ts'

/**
 * A sorted set of names that is small most of the time: an array up to some length, which costs a
 * fraction of the memory, and {@link SortedNames} beyond.
 */
export type NameList<T extends string> = readonly T[] | SortedNames<T>

/** The list without a name. */
export const noNames: readonly never[] = Object.freeze([])

const longestArray = 16

/** The list with `name` in it. Only the list that is returned may be used from then on. */
export function withName<T extends string>(list: NameList<T>, name: T): NameList<T> {
  if (list instanceof SortedNames) {
    list.insert(name)
    return list
  }
  if (list.includes(name)) return list
  if (list.length >= longestArray) {
    const names = new SortedNames<T>()
    for (const each of list) names.insert(each)
    names.insert(name)
    return names
  }
  return [...list, name].sort()
}

/** The list without `name`. Only the list that is returned may be used from then on. */
export function withoutName<T extends string>(list: NameList<T>, name: T): NameList<T> {
  if (list instanceof SortedNames) {
    list.delete(name)
    return list
  }
  const left = list.filter((each) => each !== name)
  return left.length === 0 ? noNames : left
}

/** How many names it has. */
export function sizeOf(list: NameList<string>): number {
  return list instanceof SortedNames ? list.size : list.length
}

/** The first `limit` names after `after`, or of all. */
export function namesAfter<T extends string>(
  list: NameList<T>,
  after: T | undefined,
  limit: number,
): readonly T[] {
  if (list instanceof SortedNames) return list.page(after, limit).items
  const rest = after === undefined ? list : list.filter((name) => name > after)
  return rest.slice(0, limit)
}
