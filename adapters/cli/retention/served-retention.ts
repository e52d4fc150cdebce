import type { NoticeSink } from '../../../src/index.ts'
import type { Entries } from '../log.ts'
import type { Opened } from '../open-registry.ts'
import type { Settings } from '../settings.ts'
import type { ScheduledRetention } from './schedule-retention.ts'

/** What starts retention, loaded where the settings ask for it alone. @throws CliError for a wrong policy. */
export async function retentionOf(
  { retention: file, retentionEvery: everyMs, policy: accessPolicy, readOnly }: Settings,
  { log, onNotice }: { readonly log: Entries; readonly onNotice: NoticeSink },
): Promise<((opened: Opened) => ScheduledRetention) | null> {
  if (file === null) return null
  const schedule = await import('./schedule-retention.ts')
  const policy = schedule.readServedRetention(file, log)
  if (readOnly) return null
  const options = { file, everyMs, accessPolicy, log, onNotice }
  return (opened) => schedule.scheduleRetention(policy, opened, options)
}
