import { closeSync, openSync, writeSync } from 'node:fs'
import { auditRecord } from '../../src/access/index.ts'
import type { RequestObserver } from '../../src/index.ts'
import { CliError, exitCodes } from './exit.ts'

/** An open audit log. */
export interface AuditLog {
  readonly observe: RequestObserver
  /** Opens the file again under its name: for programs that rotate logs. */
  reopen(): void
  /** Tries once more to write what is waiting. */
  close(): void
}

/** What may wait for a disk that takes nothing, in bytes; lines beyond it are dropped. */
const mostWaiting = 8 * 1024 * 1024

/**
 * Opens an audit log, which is appended to. A line is written before the next event of the loop, so that a crash
 * takes as little as it can. What a full disk does not take waits for the next line.
 *
 * pino's own destination is not for this: after a reopening that failed, the next one closes the old descriptor more
 * than once, which by then may be that of another file, and at the end it waits for a full disk.
 *
 * @param file a path, or `-` for standard error: standard output has the log
 * @param failed called when lines could not be written, once until they can be again
 * @throws CliError when the file cannot be opened.
 */
export function openAuditLog(file: string, failed: (error: Error) => void): AuditLog {
  const isFile = file !== '-'
  let descriptor = isFile ? opened(file) : 2
  let waiting: Uint8Array[] = []
  let bytesWaiting = 0
  let isFailing = false

  function add(line: string): void {
    const bytes = Buffer.from(line)
    if (bytesWaiting + bytes.length <= mostWaiting) {
      waiting.push(bytes)
      bytesWaiting += bytes.length
    }
    write()
  }

  /** Writes what is waiting, as far as that goes. */
  function write(): void {
    let done = 0
    attempt(() => {
      for (let next = waiting[done]; next !== undefined; next = waiting[done]) {
        const written = writeSync(descriptor, next)
        bytesWaiting -= written
        if (written === next.length) done += 1
        else waiting[done] = next.subarray(written)
      }
      isFailing = false
    })
    if (done > 0) waiting = waiting.slice(done)
  }

  function attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!isFailing) failed(error instanceof Error ? error : new Error(String(error)))
      isFailing = true
    }
  }

  return {
    observe(report) {
      const record = auditRecord(report, Date.now())
      if (record !== null) add(`${JSON.stringify(record)}\n`)
    },
    reopen() {
      if (!isFile) return
      attempt(() => {
        const next = openSync(file, 'a', 0o600)
        closeSync(descriptor)
        descriptor = next
      })
      write()
    },
    close() {
      write()
      if (isFile) attempt(() => closeSync(descriptor))
    },
  }
}

/** @throws CliError */
function opened(file: string): number {
  try {
    return openSync(file, 'a', 0o600)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliError(exitCodes.config, [`--audit-log ${file}: cannot be written (${reason})`])
  }
}
