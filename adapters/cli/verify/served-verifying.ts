import type { Opened } from '../open-registry.ts'
import type { Settings } from '../settings.ts'
import type { ToldOfVerifying } from './schedule-verifying.ts'

/** The schedule of verifications, loaded where the settings ask for one alone. */
export async function verifyingOf(
  settings: Settings,
  opened: Opened,
  told: ToldOfVerifying,
): Promise<(() => Promise<void>) | null> {
  if (settings.verifyEvery === null || settings.readOnly) return null
  const { scheduleVerifying } = await import('./schedule-verifying.ts')
  return scheduleVerifying({ ...settings, verifyEvery: settings.verifyEvery }, opened, told)
}
