import type { Opened } from '../open-registry.ts'
import type { Settings } from '../settings.ts'
import type { ScheduledRetention, ScheduleOptions } from './schedule-retention.ts'

/** What starts retention, loaded where the settings ask for it alone. @throws CliError for a wrong policy. */
export async function retentionOf(
  { retention: file, retentionEvery: everyMs, policy: accessPolicy, readOnly }: Settings,
  told: Pick<ScheduleOptions, 'log' | 'onNotice' | 'onRetention'>,
): Promise<((opened: Opened) => ScheduledRetention) | null> {
  if (file === null) return null
  const schedule = await import('./schedule-retention.ts')
  const policy = schedule.readServedRetention(file, told.log)
  if (readOnly) return null
  const options = { ...told, file, everyMs, accessPolicy }
  return (opened) => schedule.scheduleRetention(policy, opened, options)
}
