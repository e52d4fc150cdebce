import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServer } from './process.ts'
import type { RunningService, TestService } from './test-service.ts'

/** The rules that are shipped. */
const rules = fileURLToPath(new URL('../../deploy/prometheus/layerdock.rules.yml', import.meta.url))

/** A Prometheus of a test. */
export interface Prometheus extends RunningService {
  /** Has it read `/metrics` at an address, several times a second, as the job `layerdock`. */
  watch(address: string): Promise<void>
  /** What a query gives now. @throws Error for what is no query. */
  query(expression: string): Promise<readonly PrometheusSample[]>
  /** The alert rules it has loaded, with how each does. */
  rules(): Promise<readonly PrometheusRule[]>
}

/** One value of a query. */
export interface PrometheusSample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [time: number, value: string]
}

/** An alert rule. */
export interface PrometheusRule {
  readonly name: string
  readonly query: string
  readonly health: string
  readonly state: string
}

/** Prometheus, in `TEST_PROMETHEUS` or on the path. It knows the token `token` and the rules that are shipped. */
export const prometheus: TestService<Prometheus> = {
  id: 'prometheus',
  missing() {
    return programOf('prometheus') === null
      ? 'no Prometheus (apt-get install prometheus, or name its program in TEST_PROMETHEUS)'
      : null
  },

  async start() {
    const server = await startServer({
      name: 'prometheus',
      ports: 1,
      prepare: async (folder) => {
        await writeFile(join(folder, 'prometheus.yml'), configOf(folder))
        await writeFile(join(folder, 'targets.json'), '[]')
      },
      command: (folder, [port]) => [
        programOf('prometheus') ?? '',
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--storage.tsdb.retention.time=1h',
      ],
      isReady: (port) =>
        fetch(`http://127.0.0.1:${port}/-/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
    })
    const ask = async (path: string): Promise<unknown> => {
      const answer = await fetch(`http://127.0.0.1:${server.port}/api/v1/${path}`)
      const { status, data, error } = (await answer.json()) as Record<string, unknown>
      if (status !== 'success') throw new Error(`${path}: ${String(error)}`)
      return data
    }
    return Object.assign(Object.create(server) as RunningService, {
      async watch(address: string) {
        const targets = JSON.stringify([{ targets: [address] }])
        await writeFile(join(server.folder, 'targets.json'), targets)
      },
      async query(expression: string) {
        const data = await ask(`query?query=${encodeURIComponent(expression)}`)
        return (data as { readonly result: readonly PrometheusSample[] }).result
      },
      async rules() {
        const { groups } = (await ask('rules?type=alert')) as {
          readonly groups: ReadonlyArray<{ readonly rules: readonly PrometheusRule[] }>
        }
        return groups.flatMap((group) => group.rules)
      },
    })
  },
}

function configOf(folder: string): string {
  return `global: { scrape_interval: 300ms, scrape_timeout: 300ms, evaluation_interval: 500ms }
rule_files: [${JSON.stringify(rules)}]
scrape_configs:
  - job_name: layerdock
    authorization: { credentials: token-of-the-tests }
    file_sd_configs: [{ files: [${JSON.stringify(join(folder, 'targets.json'))}] }]
`
}

/** Where a program of Prometheus is: `prometheus` or `promtool`. */
export function programOf(name: 'prometheus' | 'promtool'): string | null {
  const given = process.env[name === 'prometheus' ? 'TEST_PROMETHEUS' : 'TEST_PROMTOOL']
  if (given !== undefined && given !== '') return existsSync(given) ? given : null
  const places = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
  return places.find((path) => existsSync(path)) ?? null
}
