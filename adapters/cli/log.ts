import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'
import { openOutput } from './log-output.ts'
import { plain } from './plain-text.ts'
import type { LogLevel } from './settings.ts'

/** The program's log. */
export interface Log {
  readonly to: Logger
  readonly format: 'json' | 'text'
  /** Writes an entry of level info that is JSON already, its line end included. */
  line(json: string): void
  /** Writes text that is no entry of the log. */
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
  const to = pino(
    {
      level,
      // The process's id and the machine's name are the supervisor's to add.
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
  return {
    to,
    format,
    line(json) {
      if (to.isLevelEnabled('info')) stream.write(json)
    },
    print: out.write,
    flush: out.flush,
    finish: out.finish,
  }
}

/** One line of JSON as a person reads it. */
function asText(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>
  const clock = String(time).slice(11, 19)
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${spell(value)}`)
  const trace = isTrace(err) ? `\n${err.stack.replace(/^/gm, '  ')}` : ''
  return `${clock} ${String(level).padEnd(5)} ${[msg, ...fields].join(' ')}${trace}\n`
}

function spell(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /^[^\s"]+$/.test(text) ? plain(text, 2048) : plain(JSON.stringify(text), 2048)
}

function isTrace(error: unknown): error is { readonly stack: string } {
  return typeof (error as { stack?: unknown } | undefined)?.stack === 'string'
}
