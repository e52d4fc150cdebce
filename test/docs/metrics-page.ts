import { families, type MetricName } from '../../adapters/cli/metrics/names.ts'

const head = `# Metrics

[All pages](README.md)

Every metric of \`layerdock serve\`. This page is written by \`npm run docs\`, from the table that the server reads.
[Monitor](monitor.md#metrics) says how to have them, and which of them matter.

Names that begin with \`registry_\` are those of distribution, with its labels, and mean the same: dashboards for it show
Layerdock as well. \`process_\` is what every Prometheus client has, and the rest is Layerdock's own.

A metric is on the page where it applies: those of the database where names are in one, of segments where bytes are in a
folder. Figures that only a walk over everything could give are left out. Labels have values of Layerdock's own, of the settings, or,
of repositories, as many as \`--metrics-repositories\` says, so clients cannot make their number grow.
`

/** What \`docs/metrics.md\` has to be. */
export function metricsPage(): string {
  const tables = [...families].map(
    ([title, names]) => `
## ${title}

| metric | is a | labels | says |
|---|---|---|---|
${Object.values(names).map(rowOf).join('\n')}
`,
  )
  return `${head}${tables.join('')}`
}

function rowOf({ name, kind, labels, help }: MetricName): string {
  const told = labels.map((label) => `\`${label}\``).join(', ')
  return `| \`${name}\` | ${kind} | ${told} | ${help} |`
}
