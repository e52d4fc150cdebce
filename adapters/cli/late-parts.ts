import { asksForLogin } from './access-settings.ts'
import type { AccessDeps, ServeAccess } from './serve-access.ts'
import type { Settings } from './settings.ts'
import { wantsDatabase } from './store-settings.ts'
import type { StartedDatabase } from './stores/database.ts'
import type { Patience } from './stores/wait-for.ts'

/** The database of the settings, loaded where they name one alone. */
export async function databaseOf(
  settings: Settings,
  waiting: Omit<Patience, 'withinMs'>,
): Promise<StartedDatabase | null> {
  if (!wantsDatabase(settings)) return null
  const { startDatabase } = await import('./stores/database.ts')
  return startDatabase(settings, { ...waiting, withinMs: settings.storeWait })
}

/** Users, policy and limits, loaded where the settings ask for them alone: most of a start is loading. */
export async function accessOf(settings: Settings, deps: AccessDeps): Promise<ServeAccess | null> {
  if (!asksForLogin(settings) && settings.maxRequestsPerSecond === null) return null
  const { openAccess } = await import('./serve-access.ts')
  return openAccess(settings, deps)
}
