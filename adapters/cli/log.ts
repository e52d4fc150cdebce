import { createRequire } from 'node:module'
import type { DestinationStream, Logger } from 'pino'
import { CliError, exitCodes } from './exit.ts'
import { type LogArea, type LogLevel, type LogLevels, levelOf } from './log-levels.ts'
import { type LogOutput, openOutput } from './log-output.ts'
import { asText } from './log-text.ts'
import { withoutSecrets } from './plain-text.ts'

/** What entries are logged to. */
export type Entries = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'isLevelEnabled'>

/** The program's log. */
export interface Log {
  /** Takes entries of one area: at first of `server`. */
  readonly to: Entries
  readonly format: 'json' | 'text'
  /** Takes entries of an area. */
  of(area: LogArea): Entries
  /** The same log, whose `to` takes entries of an area. */
  within(area: LogArea): Log
  /** Changes what is logged from now on. */
  setLevels(levels: LogLevels): void
  /** Writes text that is not an entry of the log. */
  print(text: string): void
  /** Begins to write what is waiting. */
  flush(): void
  /** Opens the log's file again under its name. */
  reopen(): void
  /** See `settled` of {@link LogOutput}. */
  settled(): Promise<void>
  /** See `finish` of {@link LogOutput}. */
  finish(): void
}

/** Where a log goes, and how it is written. */
export interface LogOptions {
  readonly format: 'json' | 'text'
  /** A file, which is appended to; null for standard output. */
  readonly file: string | null
}

/**
 * Opens the log: buffered, since a write for every request would cost too much.
 *
 * @throws CliError when its file cannot be opened.
 */
export function openLog(first: LogLevels, { format, file }: LogOptions): Log {
  let levels = first
  const out = opened(file, {
    dropped: (entries) => of('server').warn({ entries }, 'log entries were dropped'),
    notReopened: (error) => of('server').error({ err: error, file }, 'the log file was not opened'),
  })
  const lines: DestinationStream =
    format === 'json' ? out : { write: (line) => out.write(asText(line)) }
  const cleaned: DestinationStream = { write: (line) => lines.write(withoutSecrets(line)) }
  const areas: Map<LogArea, AreaEntries> = new Map()

  const of = (area: LogArea): Entries => {
    const known = areas.get(area)
    if (known !== undefined) return known.entries
    // Fields of requests are looked at one by one, which is cheaper than the whole line.
    const made = areaEntries(area, levelOf(levels, area), area === 'access' ? lines : cleaned)
    areas.set(area, made)
    return made.entries
  }

  const log = (to: Entries): Log => ({
    to,
    format,
    of,
    within: (area) => log(of(area)),
    setLevels(next) {
      levels = next
      for (const [area, { setLevel }] of areas) setLevel(levelOf(next, area))
    },
    print: out.write,
    flush: out.flush,
    reopen: out.reopen,
    settled: out.settled,
    finish: out.finish,
  })
  return log(of('server'))
}

/** @throws CliError */
function opened(file: string | null, trouble: Parameters<typeof openOutput>[1]): LogOutput {
  try {
    return openOutput(file, trouble)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliError(exitCodes.config, [`--log-file ${file}: cannot be written (${reason})`])
  }
}

/** The levels of pino, which is not loaded to compare them. */
const ranks: Readonly<Record<string, number>> = {
  ...{ trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Infinity },
}

interface AreaEntries {
  readonly entries: Entries
  setLevel(level: LogLevel): void
}

/**
 * Entries of an area, which load pino with the first. That takes as long as a tenth of a start, and the first
 * answer need not wait for it.
 */
function areaEntries(area: LogArea, first: LogLevel, stream: DestinationStream): AreaEntries {
  let level: string = first
  let made: Logger | null = null
  const takes = (wanted: string): boolean => (ranks[wanted] ?? 0) >= (ranks[level] ?? 0)
  const entry =
    (name: 'debug' | 'info' | 'warn' | 'error' | 'fatal'): Logger['info'] =>
    // The parameters are pino's own.
    (...words: readonly unknown[]) => {
      if (!takes(name)) return
      made ??=
        area === 'access' ? createRequestLogger(level, stream) : createLogger(level, stream, area)
      Reflect.apply(made[name], made, words)
    }
  return {
    entries: {
      debug: entry('debug'),
      info: entry('info'),
      warn: entry('warn'),
      error: entry('error'),
      fatal: entry('fatal'),
      isLevelEnabled: takes,
    },
    setLevel(next) {
      level = next
      if (made !== null) made.level = next
    },
  }
}

/** Makes the logger of a stream, which takes entries as lines of JSON. */
export function createLogger(level: string, stream: DestinationStream, area?: LogArea): Logger {
  const { pino } = pinoPackage()
  return pino(
    {
      level,
      // The process's id and the machine's name are the supervisor's to add.
      base: area === undefined ? null : { area },
      timestamp: isoClock(),
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
}

/**
 * Makes the logger for the lines of requests. `JSON.stringify` writes all fields of a line at once, where pino joins
 * pieces of each field, which takes longer and leaves more garbage. Every entry needs a message, and fields that are
 * strings, numbers and booleans: an `Error` would be lost.
 */
function createRequestLogger(level: string, stream: DestinationStream): Logger {
  const made = createLogger(level, stream, 'access')
  const { asJsonSym } = pinoPackage().symbols
  const { labels } = made.levels
  const line = (fields: object, message: string, rank: number, time: string): string => {
    const inside = JSON.stringify(fields).slice(1, -1)
    const told = inside === '' ? '' : `,${inside}`
    return `{"level":"${labels[rank]}"${time},"area":"access"${told},"msg":${JSON.stringify(message)}}\n`
  }
  return Object.assign(made, { [asJsonSym]: line })
}

function pinoPackage(): typeof import('pino') {
  return createRequire(import.meta.url)('pino') as typeof import('pino')
}

/** The time as pino wants it, made once for all that happens in a millisecond. */
function isoClock(): () => string {
  let at = 0
  let text = ''
  return () => {
    const now = Date.now()
    if (now !== at) {
      at = now
      text = `,"time":"${new Date(now).toISOString()}"`
    }
    return text
  }
}
