import * as v from 'valibot'
import { type ListenAddress, listenAddress } from './listen-address.ts'
import { counted, type Setting, switched } from './setting.ts'

/** What a server tells Prometheus. */
export interface MetricsSettings {
  /** Whether anything is measured; a listener or a token for it says so as well. */
  readonly metrics: boolean
  /** A listener for metrics alone; null for `/metrics` beside the registry. */
  readonly metricsListen: ListenAddress | null
  /** A file with the token that reads them. */
  readonly metricsTokenFile: string | null
  /** How many repositories are told apart; 0: none. */
  readonly metricsRepositories: number
}

/** Whether anything is measured. */
export function wantsMetrics(settings: MetricsSettings): boolean {
  const { metrics, metricsListen, metricsTokenFile } = settings
  return metrics || metricsListen !== null || metricsTokenFile !== null
}

/** Their part of the table of settings. */
export const metricsSettings: {
  readonly [K in keyof MetricsSettings]: Setting<MetricsSettings[K]>
} = {
  metrics: switched(
    false,
    'measure the server for Prometheus, at /metrics: where a login is asked for, for those who may administer the registry. The next two turn it on as well',
    ['prometheus', 'metrics-enabled', 'stats'],
  ),
  metricsListen: {
    schema: listenAddress,
    default: null,
    value: 'ADDRESS',
    help: 'answer /metrics there and nowhere else, without a login: an address that only Prometheus reaches, such as 127.0.0.1:9090',
    alias: ['metrics-addr', 'metrics-address', 'debug-addr', 'http-debug-addr'],
  },
  metricsTokenFile: {
    schema: v.pipe(v.string('is not a text'), v.nonEmpty('is empty')),
    default: null,
    value: 'FILE',
    help: 'a file with a token of 16 characters or more, with which Prometheus reads /metrics (credentials_file of its configuration)',
    alias: ['metrics-token', 'metrics-bearer-token-file', 'metrics-credentials-file'],
  },
  metricsRepositories: counted(
    0,
    0,
    'count the bytes of so many repositories by themselves, of the first that clients use; the rest count as other',
  ),
}
