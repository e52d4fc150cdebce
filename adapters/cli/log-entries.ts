import type { LogLevel } from './settings.ts'

/** How much an entry matters. */
export type EntryLevel = Exclude<LogLevel, 'silent'>

/** Writes entries, each a line of JSON: its level, its time, its fields and its message. */
export interface Logger {
  /** The least level that is written; may be set. */
  level: LogLevel
  takes(level: LogLevel): boolean
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const ranks: Readonly<Record<LogLevel, number>> = {
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
  silent: 4,
}

/**
 * Makes a logger. A field `err` is written as what it was, what it says and where it happened, causes
 * included.
 *
 * @param write takes a line, its end included
 */
export function createLogger(level: LogLevel, write: (line: string) => void): Logger {
  const takes = (asked: LogLevel): boolean =>
    asked !== 'silent' && ranks[asked] >= ranks[logger.level]
  const writer =
    (level: EntryLevel) =>
    (fields: object, message: string): void => {
      if (takes(level)) write(lineOf(level, fields, message))
    }
  const logger: Logger = {
    level,
    takes,
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
  }
  return logger
}

function lineOf(level: EntryLevel, fields: object, msg: string): string {
  const entry = { level, time: new Date().toISOString(), ...fields, msg }
  return `${JSON.stringify('err' in entry ? { ...entry, err: errorFields(entry.err) } : entry)}\n`
}

/** An error as fields: JSON would leave out all that matters. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error === null ? null : String(error)
  const chain = causesOf(error)
  return {
    type: error.name,
    message: chain.map(({ message }) => message).join(': '),
    stack: chain.map((each) => each.stack ?? String(each)).join('\ncaused by: '),
    ...detailsOf(error),
  }
}

/** How far causes are followed: they may go in a ring. */
const mostCauses = 8

/** The error, what caused it, what caused that, and so on. */
function causesOf(error: Error): readonly Error[] {
  const chain = [error]
  for (
    let { cause } = error;
    cause instanceof Error && chain.length < mostCauses;
    { cause } = cause
  ) {
    chain.push(cause)
  }
  return chain
}

/** What an error of the system says beside its message, such as its code and path. */
function detailsOf(error: Error): object {
  const simple = ['boolean', 'number', 'string']
  const isDetail = ([name, value]: readonly [string, unknown]): boolean =>
    name !== 'name' && simple.includes(typeof value)
  return Object.fromEntries(Object.entries(error).filter(isDetail))
}
