import * as v from 'valibot'
import { type Setting, timed } from './setting.ts'

/** Which tags and manifests a server deletes by itself. */
export interface RetentionSettings {
  /** The file of a retention policy; null where nothing is deleted. */
  readonly retention: string | null
  /** In milliseconds. */
  readonly retentionEvery: number
}

/** Their part of the table of settings. */
export const retentionSettings: {
  readonly [K in keyof RetentionSettings]: Setting<RetentionSettings[K]>
} = {
  retention: {
    schema: v.pipe(v.string('is not a text'), v.nonEmpty('is empty')),
    default: null,
    value: 'FILE',
    help: 'delete tags and manifests by this policy: see docs/clean-up.md, and layerdock retention explain for what it would do. Read again when it changes',
    alias: ['retention-policy', 'lifecycle', 'lifecycle-policy', 'cleanup', 'cleanup-policy'],
  },
  retentionEvery: timed(
    24 * 60 * 60_000,
    '24h',
    'how often the policy is applied, first ten minutes after the start',
  ),
}
