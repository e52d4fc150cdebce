import type { KeyStore } from '../../../src/access/index.ts'
import type { PostgresStores } from '../../postgres/index.ts'
import { CliError, exitCodes } from '../exit.ts'
import { readText } from '../read-text.ts'
import type { StoreSettings } from '../store-settings.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { explainDatabase } from './explain-stores.ts'
import { type Patience, waitFor } from './wait-for.ts'

/** A database that is being opened. */
export interface StartedDatabase {
  /** For people, without secrets: `db.example:5432/registry`. */
  readonly place: string
  /** What is in it, once it answers. @throws CliError that says what is wrong; StoppedWaiting. */
  readonly opened: Promise<PostgresStores>
  /** A document that all nodes share; who uses it waits for the database. */
  keyStore(name: string): KeyStore
  /** Ends the waiting for it, or what was opened. */
  close(): Promise<void>
}

/**
 * Begins to open the database of the settings.
 *
 * @throws CliError when the file that names it cannot be read, or holds no URL.
 */
export function startDatabase(settings: StoreSettings, patience: Patience): StartedDatabase {
  let giveUp = (): void => {}
  const given = new Promise<void>((resolve) => {
    giveUp = resolve
  })
  const url = urlOf(settings)
  const place = parseDatabaseUrl(url)?.place ?? ''
  const { poolSize, preparedStatements: prepare, keepDeleted: trashMs } = settings
  const opened = waitFor(
    'database',
    async () => {
      const { openPostgres } = await import('../../postgres/index.ts')
      return openPostgres({ url, poolSize, prepare, trashMs })
    },
    (error) => explainDatabase(error, place),
    { ...patience, stop: Promise.race([patience.stop, given]) },
  )
  // Who needs it is told.
  opened.catch(() => {})
  return {
    place,
    opened,
    keyStore: (name) => ({
      read: async () => (await opened).keyStore(name).read(),
      replace: async (before, after) => (await opened).keyStore(name).replace(before, after),
    }),
    close() {
      giveUp()
      return opened.then(
        (stores) => stores.close(),
        () => {},
      )
    },
  }
}

function urlOf({ database, databaseFile }: StoreSettings): string {
  if (database !== null) return database
  const path = databaseFile ?? ''
  const url = textOf(path).trim()
  if (parseDatabaseUrl(url) !== null) return url
  throw wrong(path, 'holds no URL such as postgres://user:password@host:5432/database')
}

function textOf(path: string): string {
  try {
    return readText(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'ENOENT') throw wrong(path, 'there is no such file')
    if (code === 'EACCES') throw wrong(path, 'the file may not be read by this user')
    throw wrong(path, error instanceof Error ? error.message : String(error))
  }
}

function wrong(path: string, problem: string): CliError {
  return new CliError(exitCodes.config, [`--database-file ${path}: ${problem}`])
}
