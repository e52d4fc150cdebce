import { maintenanceNames } from './names/maintenance.ts'
import type { MetricName } from './names/metric-name.ts'
import { requestNames } from './names/requests.ts'
import { runtimeNames } from './names/runtime.ts'
import { storeNames, uploadNames } from './names/store.ts'

export { type MetricName, maintenanceNames, requestNames, runtimeNames, storeNames, uploadNames }

/** The families of metrics, each with what it is about. */
export const families: ReadonlyMap<string, Readonly<Record<string, MetricName>>> = new Map<
  string,
  Readonly<Record<string, MetricName>>
>([
  ['Requests', requestNames],
  ['Uploads', uploadNames],
  ['Stores', storeNames],
  ['Work beside the requests', maintenanceNames],
  ['The process', runtimeNames],
])

/** Every metric there is. Dashboards, alert rules and the docs are held against this. */
export const allNames: readonly MetricName[] = [...families.values()].flatMap((family) =>
  Object.values(family),
)
