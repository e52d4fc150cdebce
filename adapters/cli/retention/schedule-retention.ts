import type { NoticeSink } from '../../../src/index.ts'
import { repeatTask, steadyClock } from '../../../src/kit.ts'
import { type RetentionPolicy, retention } from '../../../src/retention/index.ts'
import { CliError } from '../exit.ts'
import type { Entries } from '../log.ts'
import type { RetentionRun } from '../metrics/maintenance.ts'
import type { Opened } from '../open-registry.ts'
import { watchFiles } from '../watch-files.ts'
import { leapOf } from './clock-leap.ts'
import { immutableIn, readNamed, retentionIn } from './retention-file.ts'

/** Retention in a server. */
export interface ScheduledRetention {
  /** Reads the policy again; one with a problem changes nothing. */
  reload(): void
  /** Ends the run under way, after the deletions that it has begun. */
  close(): Promise<void>
}

/** What is retained, and by what. */
export interface ScheduleOptions {
  readonly file: string
  readonly everyMs: number
  /** The access policy, whose immutable tags stay; null where there is none. */
  readonly accessPolicy: string | null
  readonly log: Entries
  readonly onNotice: NoticeSink
  /** Told what each run deleted. */
  readonly onRetention?: (run: RetentionRun) => void
}

/**
 * Reads the retention policy of a server's settings, before the server begins.
 *
 * @throws CliError with every problem.
 */
export function readServedRetention(file: string, log: Entries): RetentionPolicy {
  const { policy, warnings } = retentionIn(readNamed(file))
  for (const warning of warnings) log.warn({ warning }, 'retention policy')
  return policy
}

/** Deletes by a policy again and again. */
export function scheduleRetention(
  first: RetentionPolicy,
  { registry, stores, note, turns }: Pick<Opened, 'registry' | 'stores' | 'note' | 'turns'>,
  { file, everyMs, accessPolicy, log, onNotice, onRetention }: ScheduleOptions,
): ScheduledRetention {
  let policy = first
  const stop = new AbortController()
  const clock = stores.clock ?? steadyClock()

  async function work(): Promise<void> {
    const now = Math.floor(clock())
    const ahead = await leapOf(note('retention'), now, everyMs)
    if (ahead !== null) {
      const days = Math.round(ahead / dayMs)
      log.warn(
        { days },
        'retention waits for its next turn: the last was so many days ago, or the clock leapt',
      )
      return
    }
    // Read each time: what was made immutable since stays.
    const fixed = accessPolicy === null ? {} : { isImmutable: immutableIn(readNamed(accessPolicy)) }
    const began = performance.now()
    const keeper = retention({ registry, stores, policy, ...fixed })
    const report = await keeper.run({ signal: stop.signal })
    onRetention?.(report)
    const isNothing = report.tags + report.manifests + report.repositories === 0
    const ms = Math.round(performance.now() - began)
    log[isNothing ? 'debug' : 'info'](
      { ...report, ms },
      'retention deleted what its policy does not keep',
    )
  }

  function reload(): void {
    try {
      policy = readServedRetention(file, log)
      log.info({ file, rules: policy.rules.length }, 'retention policy reloaded')
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      for (const problem of error.messages) {
        log.error({ problem }, 'retention policy not reloaded: the one before goes on')
      }
    }
  }

  let isFirstLook = true
  const unwatch = watchFiles([file], () => {
    // The first look is told as a change, and nothing has changed then.
    if (isFirstLook) isFirstLook = false
    else reload()
  })
  const end = repeatTask({
    name: 'retention',
    everyMs,
    turns: turns ?? null,
    onNotice: (notice) => {
      if (!stop.signal.aborted) onNotice(notice)
    },
    work,
  })
  return {
    reload,
    async close() {
      unwatch()
      stop.abort(new Error('the server is stopping'))
      await end()
    },
  }
}

const dayMs = 24 * 60 * 60 * 1000
