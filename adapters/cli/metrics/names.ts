import type { MetricName } from './names/metric-name.ts'
import { requestNames } from './names/requests.ts'
import { runtimeNames } from './names/runtime.ts'

export { type MetricName, requestNames, runtimeNames }

/** Every metric there is. Dashboards, alert rules and the docs are held against this. */
export const allNames: readonly MetricName[] = [requestNames, runtimeNames].flatMap((family) =>
  Object.values<MetricName>(family),
)
