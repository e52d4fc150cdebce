import { allNames, type MetricName } from '../../adapters/cli/metrics/names.ts'

/** What Prometheus itself knows of each target. */
const targetLabels = ['job', 'instance']
const own: ReadonlyMap<string, readonly string[]> = new Map([['up', targetLabels]])

/** Every series of a server, each with its labels. */
export const series: ReadonlyMap<string, readonly string[]> = new Map([
  ...own,
  ...allNames.flatMap((metric) => seriesOf(metric)),
])

function seriesOf({ kind, name, labels }: MetricName): Array<[string, readonly string[]]> {
  const all = [...labels, ...targetLabels]
  if (kind !== 'histogram') return [[name, all]]
  return [
    [`${name}_bucket`, [...all, 'le']],
    [`${name}_sum`, all],
    [`${name}_count`, all],
  ]
}

/** Words of the language that no bracket follows. */
const keywords: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'bool', 'offset'])
const grouping = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g
/** A name, and what follows it: a bracket of a function, or what its labels have to be. */
const selector = /(?<![\w:])([a-zA-Z_:][\w:]*)\s*(\(|\{[^}]*\})?/g

/** What a query names that no server has, and labels that nothing it names has. */
export function unknownIn(query: string): readonly string[] {
  const problems: string[] = []
  const known: Set<string> = new Set()
  // A text may look like anything.
  const bare = query.replace(/"(?:[^"\\]|\\.)*"/g, '""')
  const selectors = bare.replace(grouping, ' ').replace(/\[[^\]]*\]/g, ' ')
  for (const [, name = '', rest = ''] of selectors.matchAll(selector)) {
    if (rest === '(' || keywords.has(name)) continue
    const labels = series.get(name)
    if (labels === undefined) problems.push(name)
    for (const label of labels ?? []) known.add(label)
    for (const [, label = ''] of rest.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)) {
      if (labels?.includes(label) === false) problems.push(`${name}{${label}}`)
    }
  }
  for (const [, list = ''] of bare.matchAll(grouping)) {
    for (const label of list.split(',').map((text) => text.trim())) {
      if (label !== '' && !known.has(label)) problems.push(`by (${label})`)
    }
  }
  return problems
}
