import * as v from 'valibot'
import { type LogLevels, logAreas, logLevels } from './log-levels.ts'
import { oneOf } from './quantities.ts'
import type { Setting } from './setting.ts'

/** How the log is written: `auto` is text for a person at a terminal and JSON for everything else. */
export type LogFormat = 'auto' | 'json' | 'text'

/** What is logged, how, and where to. */
export interface LogSettings {
  readonly log: LogLevels
  readonly logFormat: LogFormat
  /** Null for standard output. */
  readonly logFile: string | null
}

/** Their part of the table of settings. */
export const logSettings: { readonly [K in keyof LogSettings]: Setting<LogSettings[K]> } = {
  log: {
    schema: logLevels,
    default: { all: 'info', areas: {} },
    defaultText: 'info',
    value: 'LEVELS',
    help: `error, warn, info (every request), debug or silent; of single areas too: info,access=warn,store=debug. Areas are ${logAreas.join(', ')}`,
    alias: ['level', 'log-level', 'loglevel', 'verbose', 'verbosity', 'debug', 'quiet'],
  },
  logFormat: {
    schema: oneOf('auto', 'json', 'text'),
    default: 'auto',
    defaultText: 'auto',
    value: 'FORMAT',
    help: 'json, text, or auto: text on a terminal, json elsewhere',
  },
  logFile: {
    schema: v.pipe(v.string('is not a text'), v.nonEmpty('is empty')),
    default: null,
    value: 'FILE',
    help: 'append the log to this file, and write nothing to standard output; SIGUSR2 opens it again, and so does a rename',
    alias: ['log-path', 'logfile', 'log-output', 'access-log'],
  },
}

/** How the log is written, where it goes. */
export function formatOf({ logFormat, logFile }: LogSettings): 'json' | 'text' {
  if (logFormat !== 'auto') return logFormat
  return logFile === null && process.stdout.isTTY ? 'text' : 'json'
}
