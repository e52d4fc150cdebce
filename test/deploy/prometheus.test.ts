import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { pushImage } from '../cli/admin/images.ts'
import { listenerOf } from '../cli/metrics/served-page.ts'
import { everyRuntime, programFor, start, startServer } from '../cli/program.ts'
import { programOf, prometheus } from '../services/prometheus.ts'
import { isFull } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'
import { series, unknownIn } from './promql.ts'

const folder = fileURLToPath(new URL('../../deploy/prometheus/', import.meta.url))
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

/** The expressions of the alert rules, by name. */
function alertsIn(text: string): ReadonlyMap<string, string> {
  const rules = text.split(/^ {6}- alert: /m).slice(1)
  return new Map(
    rules.map((rule) => {
      const [, expression = ''] = /^ {8}expr: (?:>-\n)?((?:.|\n {10})*)/m.exec(rule) ?? []
      return [rule.split('\n', 1)[0] ?? '', expression.replace(/\s+/g, ' ').trim()]
    }),
  )
}

interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly targets?: ReadonlyArray<{ readonly expr: string; readonly legendFormat: string }>
}

interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: ReadonlyArray<{ readonly name: string }> }
}

const dashboard = JSON.parse(read('grafana-dashboard.json')) as Dashboard
const alerts = alertsIn(read('layerdock.rules.yml'))
const expressions = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
)

/** A query as Prometheus gets it, once Grafana has filled it in. */
function filledIn(expression: string): string {
  return expression.replaceAll('$__rate_interval', '1m').replace(/\$[a-z]+/g, '.*')
}

describe('names and labels', () => {
  test('are looked for in queries', () => {
    expect(unknownIn('rate(registry_http_requests_total{code=~"5.."}[5m])')).toEqual([])
    expect(unknownIn('sum by (handler, job) (registry_http_requests_total) > 0')).toEqual([])
    expect(unknownIn('nothing_total / up')).toEqual(['nothing_total'])
    expect(unknownIn('up{job="a", endpoint!="b"}')).toEqual(['up{endpoint}'])
    expect(unknownIn('sum by (endpoint) (layerdock_blobs)')).toEqual(['by (endpoint)'])
    expect(unknownIn('registry_http_request_duration_seconds{method="get"}')).toHaveLength(1)
  })

  test.each([...alerts])('of the alert %s exist', (_, expression) => {
    expect(expression).not.toBe('')
    expect(unknownIn(expression)).toEqual([])
  })

  test('of every panel of the dashboard exist', () => {
    expect(expressions.length).toBeGreaterThan(50)
    for (const [title, expression] of expressions) expect(unknownIn(expression), title).toEqual([])
  })

  test('of legends and annotations are labels of what is shown', () => {
    for (const { title, targets = [] } of dashboard.panels) {
      for (const { expr, legendFormat } of targets) {
        for (const [, label = ''] of legendFormat.matchAll(/\{\{([a-z]+)\}\}/g)) {
          const [, grouped] = /\bby \(([^)]*)\)/.exec(expr) ?? []
          const metric = [...series.keys()].find((name) => expr.includes(name)) ?? ''
          const labels = grouped?.split(', ') ?? series.get(metric) ?? []
          expect(labels, title).toContain(label)
        }
      }
    }
  })

  test('of variables of the dashboard are those it has', () => {
    const own = new Set(['__rate_interval', ...dashboard.templating.list.map(({ name }) => name)])
    for (const [, name = ''] of read('grafana-dashboard.json').matchAll(/\$\{?([a-z_]+)/g)) {
      expect([...own, '__all']).toContain(name)
    }
  })
})

test('panels of the dashboard have ids of their own, and cover no other', () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  const taken: Set<string> = new Set()
  for (const { gridPos, title } of dashboard.panels) {
    const { x, y, w, h } = gridPos
    expect(x + w).toBeLessThanOrEqual(24)
    for (let column = x; column < x + w; column += 1) {
      for (let line = y; line < y + h; line += 1) {
        expect(taken.has(`${column},${line}`), title).toBe(false)
        taken.add(`${column},${line}`)
      }
    }
  }
})

/**
 * What a healthy server with a folder and no webhooks has nothing of: other stores, receivers, what a policy deleted, and
 * what went wrong.
 */
const ofOthers =
  /layerdock_(sql|s3|webhook|retention|verify_problems|failures|background_failures)_?|layerdock_last_(retention|verify)|registry_notifications_/

withServices('Prometheus', { prometheus }, (running) => {
  const runtimes = isFull ? everyRuntime : (['node'] as const)

  test.skipIf(programOf('promtool') === null)(
    'takes the rules and the example, as promtool says',
    () => {
      const promtool = (...words: readonly string[]): string => {
        const { status, stdout, stderr } = spawnSync(programOf('promtool') ?? '', words, {
          cwd: folder,
          encoding: 'utf8',
        })
        return status === 0 ? 'right' : `${stdout}${stderr}`
      }
      expect(promtool('check', 'rules', 'layerdock.rules.yml')).toBe('right')
      expect(promtool('test', 'rules', 'layerdock.rules.test.yml')).toBe('right')
      expect(promtool('check', 'config', '--syntax-only', 'prometheus.yml')).toBe('right')
    },
  )

  test.each(runtimes)(
    'scrapes a loaded server on %s, and evaluates all rules and panels',
    async (runtime) => {
      const program = await programFor(runtime)
      const token = join(program.folder(), 'token')
      writeFileSync(token, 'token-of-the-tests', { mode: 0o600 })
      const storage = ['--storage-dir', join(program.folder(), 'data')]
      const words = [...storage, '--log', 'info']
      words.push('--metrics-listen', '127.0.0.1:0', '--metrics-token-file', token)
      words.push('--metrics-repositories', '1')
      const server = await startServer(program, ...words)
      let isOver = false
      try {
        const address = new URL(await listenerOf(server)).host
        await pushImage(server.url, 'app', 'x', 'latest')
        const collecting = start(program, 'gc', ...storage)
        expect((await collecting.ended).code).toBe(0)
        let pulls = 0
        const pull = async (): Promise<void> => {
          while (!isOver) {
            const answer = await fetch(`${server.url}/v2/app/manifests/latest`)
            expect(answer.status).toBe(200)
            await answer.text()
            pulls += 1
            const unknown = await fetch(`${server.url}/v2/app/manifests/unknown`)
            expect(unknown.status).toBe(404)
            await unknown.text()
          }
        }
        const load = Promise.all(Array.from({ length: 8 }, pull))
        const { prometheus } = running
        await prometheus.watch(address)
        const one = async (query: string): Promise<number> =>
          Number((await prometheus.query(query))[0]?.value[1] ?? Number.NaN)
        await expect
          .poll(() => one(`sum_over_time(up{job="layerdock", instance="${address}"}[1m])`), {
            timeout: 60_000,
            interval: 200,
          })
          .toBeGreaterThanOrEqual(5)
        isOver = true
        await load
        const got = `registry_http_requests_total{instance="${address}", handler="manifest", method="get", code="200"}`
        await expect.poll(() => one(got), { timeout: 60_000, interval: 200 }).toBe(pulls)
        expect(await one(`rate(${got}[1m])`)).toBeGreaterThan(1)
        expect(await one(`layerdock_build_info{runtime="${runtime}"}`)).toBe(1)

        const rules = await prometheus.rules()
        expect(rules.map(({ name }) => name)).toEqual([...alerts.keys()])
        await expect
          .poll(async () => new Set((await prometheus.rules()).map(({ health }) => health)), {
            timeout: 60_000,
          })
          .toEqual(new Set(['ok']))
        for (const [title, expression] of expressions) {
          const found = await prometheus.query(filledIn(expression))
          if (!ofOthers.test(expression)) expect(found, `${title}: ${expression}`).not.toEqual([])
        }
      } finally {
        isOver = true
        server.child.kill('SIGKILL')
        await server.ended
        program.remove()
      }
    },
    120_000,
  )
})
