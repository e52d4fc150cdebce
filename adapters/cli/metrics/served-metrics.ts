import type { Access } from '../../../src/index.ts'
import { asksForLogin } from '../access-settings.ts'
import { isReachable } from '../listen-address.ts'
import type { Entries } from '../log.ts'
import { wantsMetrics } from '../metrics-settings.ts'
import type { Settings } from '../settings.ts'
import type { Metrics } from './metrics.ts'
import type { MetricsDoor } from './metrics-door.ts'

/** Metrics of a server, and the way to them. */
export interface ServedMetrics extends Metrics {
  /** The way to them on the server's own listener; null where they have one of theirs. */
  readonly door: MetricsDoor | null
  /** Says where they are, if that is somewhere else. */
  announce(log: Entries): void
  /** Ends their listener too. */
  end(): Promise<void>
}

/** Measures a server, loaded where the settings ask for it alone. @throws CliError for a setting that cannot be used. */
export async function metricsOf(
  settings: Settings,
  access: Access | null,
): Promise<ServedMetrics | null> {
  if (!wantsMetrics(settings)) return null
  const { metricsListen, metricsTokenFile } = settings
  const [{ createMetrics }, { metricsDoor }, { readMetricsToken }] = await Promise.all([
    import('./metrics.ts'),
    import('./metrics-door.ts'),
    import('./metrics-token.ts'),
  ])
  const hasToken = metricsTokenFile === null ? null : await readMetricsToken(metricsTokenFile)
  const metrics = createMetrics(settings)
  if (metricsListen === null) {
    const logins = asksForLogin(settings) ? access : null
    const door = metricsDoor(metrics, { access: logins, hasToken })
    return { ...metrics, door, announce() {}, end: async () => metrics.close() }
  }
  const { listenForMetrics } = await import('./metrics-listener.ts')
  const door = metricsDoor(metrics, { access: null, hasToken })
  const listener = await listenForMetrics(metricsListen, door)
  return {
    ...metrics,
    door: null,
    announce(log) {
      const { url } = listener
      log.info({ url }, 'answering /metrics')
      if (hasToken !== null || !isReachable(url)) return
      log.warn({ url }, 'anyone who reaches this address can read the metrics')
    },
    async end() {
      metrics.close()
      await listener.close()
    },
  }
}
