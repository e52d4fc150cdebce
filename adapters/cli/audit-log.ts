import { pino } from 'pino'
import { auditRecord } from '../../src/access/index.ts'
import type { RequestObserver } from '../../src/index.ts'
import { CliError, exitCodes } from './exit.ts'

/** An open audit log. */
export interface AuditLog {
  readonly observe: RequestObserver
  /** Opens the file again under its name: for programs that rotate logs. */
  reopen(): void
  /** Writes what is waiting. */
  close(): void
}

/**
 * Opens an audit log, which is appended to.
 *
 * @param file a path, or `-` for standard error: standard output has the log
 * @param failed called when lines could not be written
 * @throws CliError when the file cannot be opened.
 */
export function openAuditLog(file: string, failed: (error: Error) => void): AuditLog {
  const isFile = file !== '-'
  // Written before the next event of the loop, so that a crash takes as little as it can.
  const output = opened(
    () =>
      pino.destination({
        dest: isFile ? file : 2,
        sync: true,
        mode: 0o600,
        maxLength: mostWaiting,
      }),
    file,
  )
  output.on('error', failed)
  return {
    observe(report) {
      const record = auditRecord(report, Date.now())
      if (record !== null) output.write(`${JSON.stringify(record)}\n`)
    },
    reopen() {
      if (isFile) output.reopen()
    },
    close() {
      output.flushSync()
    },
  }
}

/** What may wait for a disk that takes nothing, in bytes; lines beyond it are dropped. */
const mostWaiting = 8 * 1024 * 1024

function opened<T>(open: () => T, file: string): T {
  try {
    return open()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliError(exitCodes.config, [`--audit-log ${file}: cannot be written (${reason})`])
  }
}
