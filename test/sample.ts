import { isFull } from './services/test-service.ts'

/** What a short run left to CI, by what it is. */
const left: Map<string, number> = new Map()

/**
 * What is repeated, as this run tries it: all of it in CI, otherwise the first and every so manieth after it.
 *
 * @param what in the plural, for the last line of a short run, such as `views`
 */
export function sampleOf<Item>(
  what: string,
  items: readonly Item[],
  every: number,
): readonly Item[] {
  if (isFull) return items
  const picked = items.filter((_, at) => at % every === 0)
  leave(what, items.length - picked.length)
  return picked
}

/** How often something is tried: `full` times in CI, otherwise so many. */
export function timesOf(what: string, full: number, short: number): number {
  if (isFull) return full
  leave(what, full - short)
  return short
}

/** How often a property is tried: so many times in CI, and a quarter of that otherwise. */
export const runs = (full: number): number =>
  timesOf('runs of properties', full, Math.ceil(full / 4))

/**
 * The runtimes that a suite is tried on: all of them in CI; otherwise the first, which is Node, and for one title of
 * four, by its length, one of the others.
 */
export function runtimesFor<Runtime extends string>(
  title: string,
  runtimes: readonly Runtime[],
): readonly Runtime[] {
  if (isFull) return runtimes
  const [first, ...others] = runtimes
  const other = title.length % 4 === 0 ? others[(title.length / 4) % others.length] : undefined
  const picked = [first, other].filter((runtime) => runtime !== undefined)
  leave('suites on other runtimes', runtimes.length - picked.length)
  return picked
}

/** Notes what a short run leaves to CI. */
export function leave(what: string, count: number): void {
  left.set(what, (left.get(what) ?? 0) + count)
}

/** What was left to CI since this was asked last. */
export function takeLeft(): Readonly<Record<string, number>> {
  const taken = Object.fromEntries(left)
  left.clear()
  return taken
}
