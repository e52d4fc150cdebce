import {
  type Entry,
  entries,
  fields,
  flag,
  type Listed,
  list,
  nothing,
  readShape,
  text,
} from './shapes.ts'

/** Another chart that a chart needs. */
export interface ChartDependency {
  readonly name: string
  readonly version: string | null
  readonly repository: string | null
  readonly condition: string | null
}

/** Someone who looks after a chart. */
export interface Maintainer {
  readonly name: string
  readonly email: string | null
  readonly url: string | null
}

/** What the Chart.yaml of a Helm chart says, which its config has as JSON. */
export interface ChartFacts {
  readonly name: string
  readonly version: string
  readonly appVersion: string | null
  readonly description: string | null
  /** `application` or `library`. */
  readonly type: string | null
  readonly apiVersion: string | null
  readonly kubeVersion: string | null
  readonly isDeprecated: boolean
  readonly home: string | null
  readonly icon: string | null
  readonly sources: Listed<string>
  readonly keywords: Listed<string>
  readonly maintainers: Listed<Maintainer>
  readonly dependencies: Listed<ChartDependency>
  readonly annotations: Listed<Entry>
}

const chartShape = fields({
  name: text(256),
  version: text(256),
  appVersion: text(256),
  description: text(2000),
  type: text(64),
  apiVersion: text(64),
  kubeVersion: text(256),
  deprecated: flag,
  home: text(2000),
  icon: text(2000),
  sources: list(text(2000), 50),
  keywords: list(text(100), 50),
  maintainers: list(fields({ name: text(256), email: text(256), url: text(2000) }), 50),
  dependencies: list(
    fields({ name: text(256), version: text(256), repository: text(2000), condition: text(256) }),
    200,
  ),
  annotations: entries(100, 4000),
})

/** Reads the config of a Helm chart; null where it cannot be read. */
export function readChart(bytes: Uint8Array): ChartFacts | null {
  const found = readShape(bytes, chartShape)
  if (found === null) return null
  return {
    name: found.name ?? '',
    version: found.version ?? '',
    appVersion: found.appVersion || null,
    description: found.description || null,
    type: found.type || null,
    apiVersion: found.apiVersion || null,
    kubeVersion: found.kubeVersion || null,
    isDeprecated: found.deprecated === true,
    home: found.home || null,
    icon: found.icon || null,
    sources: found.sources ?? nothing,
    keywords: found.keywords ?? nothing,
    maintainers: mapped(found.maintainers, ({ name = '', email, url }) => ({
      name,
      email: email || null,
      url: url || null,
    })),
    dependencies: mapped(found.dependencies, ({ name = '', version, repository, condition }) => ({
      name,
      version: version || null,
      repository: repository || null,
      condition: condition || null,
    })),
    annotations: found.annotations ?? nothing,
  }
}

function mapped<T, U>(found: Listed<T> | undefined, made: (item: T) => U): Listed<U> {
  return found === undefined ? nothing : { items: found.items.map(made), count: found.count }
}
