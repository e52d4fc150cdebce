import type { AuditLog } from './audit-log.ts'
import type { Entries } from './log.ts'
import type { Settings } from './settings.ts'

/** The audit log, loaded where the settings ask for one alone. @throws CliError when it cannot be opened. */
export async function auditOf({ auditLog }: Settings, log: Entries): Promise<AuditLog | null> {
  if (auditLog === null) return null
  const { openAuditLog } = await import('./audit-log.ts')
  return openAuditLog(auditLog, (error) =>
    log.error({ err: error }, 'audit lines were not written'),
  )
}
