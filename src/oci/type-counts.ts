import { FirstOf } from './first-of.ts'

/** Artifact types that are counted apart. */
const mostTypes = 100

/** The type that stands for all others. No artifact type is that. */
const otherTypes = '*'

/** How many there are of each type: of the first types in byte order, and of all others together. */
export function countsByType(
  byType: ReadonlyMap<string, number>,
): ReadonlyArray<{ readonly artifactType: string; readonly count: number }> {
  const first = new FirstOf<string>(mostTypes, (one, other) => (one < other ? -1 : 1))
  let others = 0
  for (const [type, count] of byType) {
    if (count > 0) first.add(type)
    others += count
  }
  const counts = first.sorted().map((artifactType) => {
    const count = byType.get(artifactType) ?? 0
    others -= count
    return { artifactType, count }
  })
  return others === 0 ? counts : [...counts, { artifactType: otherTypes, count: others }]
}
