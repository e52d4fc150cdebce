import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino'
import { plain } from './plain-text.ts'
import type { LogLevel } from './settings.ts'

/** The program's log. */
export interface Log {
  readonly to: Logger
  readonly format: 'json' | 'text'
  /** Writes an entry that is JSON already, its line end included. */
  line(json: string): void
  /** Writes text that is no entry of the log. */
  print(text: string): void
  /** Writes what is waiting, now. */
  flush(): void
}

/** How many bytes may wait to be written together, and for how many milliseconds. */
const bufferBytes = 8 * 1024
const bufferMs = 250

/** Opens the log on standard output: buffered, since a write for every request would cost too much. */
export function openLog(level: LogLevel, format: 'json' | 'text'): Log {
  const out = destination({ fd: 1, sync: false, minLength: bufferBytes, periodicFlush: bufferMs })
  const stream: DestinationStream =
    format === 'json' ? out : { write: (line) => void out.write(asText(line)) }
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
    line: (json) => stream.write(json),
    print: (text) => void out.write(text),
    flush: () => {
      // Fails only where standard output is not open yet or no more: nothing is left to tell then.
      try {
        out.flushSync()
      } catch {}
    },
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
