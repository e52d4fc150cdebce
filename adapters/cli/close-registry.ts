import { exitCodes } from './exit.ts'
import type { Log } from './log.ts'
import type { Opened } from './open-registry.ts'

/** Closes the registry; the exit code. What fails then costs no change that was acknowledged. */
export async function closed(opened: Opened, log: Log): Promise<number> {
  try {
    await opened.close()
    log.to.info('stopped')
    return exitCodes.ok
  } catch (error) {
    log.to.error({ err: error }, 'stopped, and the storage failed at the end')
    return exitCodes.problem
  } finally {
    log.flush()
  }
}
