import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'
import { openOutput } from './log-output.ts'
import { asText } from './log-text.ts'
import type { LogLevel } from './settings.ts'

/** The program's log. */
export interface Log {
  readonly to: Logger
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
  const to = createLogger(level, stream)
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

/** Makes the logger of a stream, which takes entries as lines of JSON. */
export function createLogger(level: LogLevel, stream: DestinationStream): Logger {
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
