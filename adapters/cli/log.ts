import { createRequire } from 'node:module'
import type { DestinationStream, Logger } from 'pino'
import { openOutput } from './log-output.ts'
import { asText } from './log-text.ts'
import { withoutSecrets } from './plain-text.ts'
import type { LogLevel } from './settings.ts'

/** What entries are logged to. */
export type Entries = Pick<
  Logger,
  'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'level' | 'isLevelEnabled'
>

/** The program's log. */
export interface Log {
  readonly to: Entries
  readonly format: 'json' | 'text'
  /** Whether entries of a level are written, now. */
  takes(level: LogLevel): boolean
  /** Writes an entry of a level that is JSON already, its line end included. */
  line(level: LogLevel, json: string): void
  /** Writes text that is not an entry of the log. */
  print(text: string): void
  /** Begins to write what is waiting. */
  flush(): void
  /** Writes what is waiting, as far as that goes in half a second: for the end of the process. */
  finish(): void
}

/** Opens the log on standard output: buffered, since a write for every request would cost too much. */
export function openLog(level: LogLevel, format: 'json' | 'text'): Log {
  const out = openOutput((entries) => to.warn({ entries }, 'log entries were dropped'))
  const stream: DestinationStream =
    format === 'json' ? out : { write: (line) => out.write(asText(line)) }
  const to = lazyLogger(level, stream)
  return {
    to,
    format,
    takes: (level) => to.isLevelEnabled(level),
    line(level, json) {
      if (to.isLevelEnabled(level)) stream.write(json)
    },
    print: out.write,
    flush: out.flush,
    finish: out.finish,
  }
}

/** The levels of pino, which is not loaded to compare them. */
const ranks: Readonly<Record<string, number>> = {
  ...{ trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Infinity },
}

/**
 * A logger that loads pino with its first entry. That takes as long as a tenth of a start, and the first
 * answer need not wait for it.
 */
function lazyLogger(first: LogLevel, stream: DestinationStream): Entries {
  let level: string = first
  let made: Logger | null = null
  const takes = (wanted: string): boolean => (ranks[wanted] ?? 0) >= (ranks[level] ?? 0)
  const entry =
    (name: 'debug' | 'info' | 'warn' | 'error' | 'fatal'): Logger['info'] =>
    // The parameters are pino's own.
    (...words: readonly unknown[]) => {
      if (!takes(name)) return
      made ??= createLogger(level, { write: (line) => stream.write(withoutSecrets(line)) })
      Reflect.apply(made[name], made, words)
    }
  return {
    debug: entry('debug'),
    info: entry('info'),
    warn: entry('warn'),
    error: entry('error'),
    fatal: entry('fatal'),
    isLevelEnabled: takes,
    get level() {
      return level
    },
    set level(next) {
      level = next
      if (made !== null) made.level = next
    },
  }
}

/** Makes the logger of a stream, which takes entries as lines of JSON. */
export function createLogger(level: string, stream: DestinationStream): Logger {
  const { pino, stdTimeFunctions } = createRequire(import.meta.url)('pino') as typeof import('pino')
  return pino(
    {
      level,
      // The process's id and the machine's name are the supervisor's to add.
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
}
