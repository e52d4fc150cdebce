import type { EventSink, NoticeSink } from '../../../src/index.ts'
import type { Meter, Outbox } from '../../../src/kit.ts'
import type { EndpointFigures } from '../../../src/webhooks/delivery/receiver.ts'
import type { Opened } from '../open-registry.ts'
import type { Settings } from '../settings.ts'
import { version } from '../version.ts'
import { type MaintenanceMetrics, maintenanceMetrics } from './maintenance.ts'
import { type MeasuredCalls, measuredCalls } from './measured-calls.ts'
import { metricSet } from './metric-set.ts'
import { requestMetrics } from './requests.ts'
import { runtimeMetrics } from './runtime.ts'
import { conditionMetrics, storeMetrics } from './store.ts'
import { webhookMetrics } from './webhooks.ts'

/** The metrics of a server. */
export interface Metrics {
  /** The page that Prometheus reads. Never rejects. */
  page(): Promise<string>
  readonly contentType: string
  /** Counts requests. */
  readonly meter: Meter
  readonly onEvent: EventSink
  readonly onNotice: NoticeSink
  /** Told of work beside the requests that makes no notice. */
  readonly maintenance: MaintenanceMetrics
  /** Measures what stores ask of a database and a bucket. */
  readonly calls: MeasuredCalls
  /** Measures the stores too, from now on. */
  watch(opened: Opened): void
  /** Measures webhooks too. @param figures those of the deliverer */
  watchWebhooks(outbox: Outbox | undefined, figures: () => readonly EndpointFigures[]): void
  /** Ends what measures beside the requests. */
  close(): void
}

/** Begins to measure a server. Nothing it is told of may throw, and nothing it does waits for anything. */
export function createMetrics({ metricsRepositories }: Settings): Metrics {
  const set = metricSet()
  const requests = requestMetrics(set, metricsRepositories)
  const maintenance = maintenanceMetrics(set)
  const noteCondition = conditionMetrics(set)
  const endRuntime = runtimeMetrics(set, version())
  return {
    page: set.text,
    contentType: set.contentType,
    meter: requests.meter,
    onEvent: requests.onEvent,
    onNotice(notice) {
      maintenance.onNotice(notice)
      noteCondition(notice)
    },
    maintenance,
    calls: measuredCalls(set),
    watch: (opened) => storeMetrics(set, opened),
    watchWebhooks: (outbox, figures) => webhookMetrics(set, outbox, figures),
    close: endRuntime,
  }
}
