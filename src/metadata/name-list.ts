import { SortedNames } from './sorted-names.ts'

/**
 * A sorted set of names that is small most of the time: one name is itself, some are an array, which
 * costs a fraction of the memory, and many are {@link SortedNames}.
 */
export type NameList<T extends string> = T | readonly T[] | SortedNames<T>

/** The list without a name. */
export const noNames: readonly never[] = Object.freeze([])

const longestArray = 16

/** The list with `name` in it. Only the list that is returned may be used from then on. */
export function withName<T extends string>(list: NameList<T>, name: T): NameList<T> {
  if (list instanceof SortedNames) {
    list.insert(name)
    return list
  }
  const names = namesOf(list)
  if (names.includes(name)) return list
  return listOf([...names, name])
}

/** The list with all of `names` in it. Only the list that is returned may be used from then on. */
export function withNames<T extends string>(list: NameList<T>, names: readonly T[]): NameList<T> {
  const [first] = names
  if (first !== undefined && names.length === 1) return withName(list, first)
  if (list instanceof SortedNames) {
    for (const name of names) list.insert(name)
    return list
  }
  const all = namesOf(list)
  return listOf(all.length === 0 ? names : [...new Set([...all, ...names])])
}

/** The list without `name`. Only the list that is returned may be used from then on. */
export function withoutName<T extends string>(list: NameList<T>, name: T): NameList<T> {
  if (list instanceof SortedNames) {
    list.delete(name)
    return list
  }
  return listOf(namesOf(list).filter((each) => each !== name))
}

/** How many names it has. */
export function sizeOf(list: NameList<string>): number {
  if (typeof list === 'string') return 1
  return list instanceof SortedNames ? list.size : list.length
}

/** The first `limit` names after `after`, or of all. */
export function namesAfter<T extends string>(
  list: NameList<T>,
  after: T | undefined,
  limit: number,
): readonly T[] {
  if (list instanceof SortedNames) return list.page(after, limit).items
  const names = namesOf(list)
  const rest = after === undefined ? names : names.filter((name) => name > after)
  return rest.slice(0, limit)
}

function namesOf<T extends string>(list: T | readonly T[]): readonly T[] {
  return typeof list === 'string' ? [list] : list
}

/** The list of different names, in whatever order they are. */
function listOf<T extends string>(names: readonly T[]): NameList<T> {
  const [first] = names
  if (first === undefined) return noNames
  if (names.length === 1) return first
  // A sorted copy has no room to grow, which an array that grew has.
  if (names.length <= longestArray) return isSorted(names) ? names.slice() : names.toSorted()
  const sorted = new SortedNames<T>()
  for (const name of names) sorted.insert(name)
  return sorted
}

function isSorted(names: readonly string[]): boolean {
  for (let at = 1; at < names.length; at += 1) {
    if ((names[at - 1] as string) > (names[at] as string)) return false
  }
  return true
}
