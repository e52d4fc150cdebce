import type { FormatName } from '../document.ts'
import { cloudEvents } from './cloud-events.ts'
import { distribution, distributionV2 } from './distribution.ts'
import type { Format } from './format.ts'
import { harbor } from './harbor.ts'

/** Every format by its name in a document. */
export const formats: Readonly<Record<FormatName, Format>> = {
  harbor,
  distribution,
  'distribution-v2': distributionV2,
  cloudevents: cloudEvents,
}
