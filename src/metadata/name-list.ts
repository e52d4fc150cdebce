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

/** The list with all of `names` in it. Only the list that is returned may be used from then on. */
export function withNames<T extends string>(list: NameList<T>, names: readonly T[]): NameList<T> {
  if (names.length === 1) return withName(list, names[0] as T)
  if (sizeOf(list) === 0 && names.length <= longestArray && isSorted(names)) return [...names]
  let all = list
  for (const name of names) all = withName(all, name)
  return all
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

/** Whether each name is above the one before it. */
function isSorted(names: readonly string[]): boolean {
  for (let at = 1; at < names.length; at += 1) {
    if ((names[at - 1] as string) >= (names[at] as string)) return false
  }
  return true
}
