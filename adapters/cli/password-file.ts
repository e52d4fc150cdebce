import {
  HtpasswdError,
  type HtpasswdLogin,
  htpasswd,
  queuePasswords,
} from '../../src/access/index.ts'
import type { NoticeSink } from '../../src/index.ts'
import { CliError, exitCodes } from './exit.ts'
import { FileRefused, hasBits, readGuarded } from './guarded-file.ts'
import type { Log } from './log.ts'
import { createPasswordWorker } from './password-worker.ts'
import { watchFiles } from './watch-files.ts'

/** What {@link openPasswordFile} needs. */
export interface PasswordFileDeps {
  readonly log: Log
  readonly onNotice: NoticeSink
  /** As in `watchFiles`. */
  readonly everyMs?: number
}

/** The users of an htpasswd file, for as long as a server runs. */
export interface PasswordFile {
  readonly login: HtpasswdLogin
  /** Reads the file again, without waiting until the change is noticed. */
  reload(): Promise<void>
  /** Stops watching the file, and ends the thread that checks passwords. */
  close(): Promise<void>
}

/**
 * Opens an htpasswd file. It is read again when it changes; a file that cannot be used then changes nothing, and
 * the log says so.
 *
 * @throws CliError where it cannot be used at first, with every problem of it.
 */
export async function openPasswordFile(
  path: string,
  deps: PasswordFileDeps,
): Promise<PasswordFile> {
  const { log, onNotice, everyMs } = deps
  let text = ''
  const read = async (): Promise<string> => {
    const file = await readGuarded(path, 0o002)
    if (hasBits(file.mode, 0o020) && file.text !== text) {
      log.to.warn({ file: path }, 'the group of the file of users may change it')
    }
    return file.text
  }
  const worker = createPasswordWorker(onNotice)
  const login = await start()

  async function start(): Promise<HtpasswdLogin> {
    try {
      text = await read()
      return htpasswd(text, { verify: queuePasswords(worker.verify) })
    } catch (error) {
      const problems = problemsOf(error).map((problem) => `--htpasswd ${path}: ${problem}`)
      throw new CliError(exitCodes.config, problems)
    }
  }

  function sayWarnings(): void {
    for (const warning of login.warnings)
      log.to.warn({ file: path, warning }, 'a weak password hash')
  }

  async function reload(): Promise<void> {
    try {
      const next = await read()
      if (next === text) return
      login.replace(next)
      text = next
      log.to.info({ file: path }, 'users reloaded')
      sayWarnings()
    } catch (error) {
      for (const problem of problemsOf(error)) {
        log.to.error({ file: path, problem }, 'users not reloaded: those from before go on')
      }
    }
    log.flush()
  }

  sayWarnings()
  const unwatch = watchFiles([path], () => void reload(), everyMs)
  return {
    login,
    reload,
    async close() {
      unwatch()
      await worker.close()
    },
  }
}

/** @throws the error, where it is a fault of ours. */
function problemsOf(error: unknown): readonly string[] {
  if (error instanceof HtpasswdError) return error.problems
  if (error instanceof FileRefused) return [error.message]
  throw error
}
