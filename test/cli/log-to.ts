import { createLogger, type Log } from '../../adapters/cli/log.ts'

/** A log of all levels and areas, which hands over each entry. */
export function logTo(take: (entry: Record<string, unknown>) => void): Log {
  const to = createLogger('debug', { write: (line) => take(JSON.parse(line)) })
  const log: Log = {
    to,
    format: 'json',
    of: () => to,
    within: () => log,
    setLevels: () => {},
    print: () => {},
    flush: () => {},
    reopen: () => {},
    settled: async () => {},
    finish: () => {},
  }
  return log
}
