import { families, type MetricName } from '../../adapters/cli/metrics/names.ts'

const head = `# Metrics

[All pages](README.md)

Every metric of \`layerdock serve\`. \`npm run docs\` writes this page from the table that the server reads.
[Monitor](monitor.md#metrics) describes how to collect them, and which of them matter.

Metrics whose names begin with \`registry_\` have the names, labels and meaning of distribution's, so its dashboards
work with Layerdock. Those with \`process_\` are the usual ones of Prometheus clients. All others are Layerdock's own.

A server shows a metric only if it applies: those of the database if names are in one, those of segments if bytes are in a
folder. There are no metrics that would need a walk over all content. Label values come from Layerdock, from the settings, or
are repositories, as many as \`--metrics-repositories\` allows, so clients cannot increase their number.
`

/** What \`docs/metrics.md\` has to be. */
export function metricsPage(): string {
  const tables = [...families].map(
    ([title, names]) => `
## ${title}

| metric | type | labels | meaning |
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
