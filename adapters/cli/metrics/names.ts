import { s3Names, sqlNames } from './names/calls.ts'
import { maintenanceNames } from './names/maintenance.ts'
import type { MetricName } from './names/metric-name.ts'
import { requestNames } from './names/requests.ts'
import { runtimeNames } from './names/runtime.ts'
import { storeNames, uploadNames } from './names/store.ts'
import { webhookNames } from './names/webhooks.ts'

export {
  type MetricName,
  maintenanceNames,
  requestNames,
  runtimeNames,
  s3Names,
  sqlNames,
  storeNames,
  uploadNames,
  webhookNames,
}

/** The families of metrics, each with what it is about. */
export const families: ReadonlyMap<string, Readonly<Record<string, MetricName>>> = new Map<
  string,
  Readonly<Record<string, MetricName>>
>([
  ['Requests', requestNames],
  ['Uploads', uploadNames],
  ['Stores', storeNames],
  ['The database', sqlNames],
  ['The bucket', s3Names],
  ['Webhooks', webhookNames],
  ['Work beside the requests', maintenanceNames],
  ['The process', runtimeNames],
])

/** Every metric there is. Dashboards, alert rules and the docs are held against this. */
export const allNames: readonly MetricName[] = [...families.values()].flatMap((family) =>
  Object.values(family),
)
