import * as v from 'valibot'
import { duration } from './quantities.ts'
import { type Setting, switched, timed } from './setting.ts'

/** What becomes of what is deleted, and of what nothing names. Times in milliseconds. */
export interface MaintenanceSettings {
  /** How long what was deleted can be restored; 0 for not at all. */
  readonly trashTime: number
  /** Null for never. */
  readonly collectEvery: number | null
  /** Whether a collection also drops repositories that hold nothing. */
  readonly dropEmpty: boolean
}

const notTrashTime = 'is neither a duration such as 24h nor 0'

/** Their part of the table of settings. */
export const maintenanceSettings: {
  readonly [K in keyof MaintenanceSettings]: Setting<MaintenanceSettings[K]>
} = {
  trashTime: {
    ...timed(
      24 * 60 * 60_000,
      '24h',
      'how long tags, manifests, blobs and repositories that were deleted can be restored (layerdock undelete). Their bytes stay as long; 0 deletes at once',
    ),
    schema: v.unionAsync(
      [v.pipe(v.picklist([0, '0']), v.transform(Number)), duration],
      notTrashTime,
    ),
    alias: ['trash', 'undelete-time', 'retention-time', 'soft-delete'],
  },
  collectEvery: {
    schema: duration,
    default: null,
    value: 'TIME',
    help: 'how often to delete the bytes of what no manifest names and no lease covers; never, if not set',
    alias: ['gc', 'garbage', 'collect', 'gc-interval', 'prune'],
  },
  dropEmpty: switched(false, 'let each collection also drop repositories that hold nothing'),
}
