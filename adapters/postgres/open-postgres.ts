import type { BlobStore, MetadataStore, UploadStore } from '../../src/kit.ts'
import { Database, type DatabaseFigures } from './database.ts'
import { DatabaseClock } from './database-clock.ts'
import { type DatabaseFacts, databaseFacts } from './database-facts.ts'
import { PostgresMetadata } from './metadata/postgres-metadata.ts'
import { type NamesOfOneMoment, openOneMoment } from './one-moment.ts'
import { migrate } from './schema/migrate.ts'
import { type SharedText, sharedSecret, sharedText } from './secrets.ts'
import { defaultMostBytes, smallBlobs } from './small-blobs/small-blobs.ts'
import type { SqlDriver } from './sql-driver.ts'
import { postgresUploads } from './uploads/upload-store.ts'

/** How {@link openPostgres} reaches the database, and what it keeps there. */
export interface PostgresOptions {
  /**
   * `postgres://user:password@host:port/database`; `sslmode`, `search_path` and other settings of a session may
   * follow as a query. The variables `PGHOST`, `PGPASSWORD`, … stand in for parts that it does not have.
   */
  readonly url?: string
  /** The connections of the caller, in place of `url` and the options about connections. */
  readonly sql?: SqlDriver
  /** Connections at most, of this process. Default: 10. */
  readonly poolSize?: number
  /**
   * Whether each connection prepares a statement once. `false` behind PgBouncer in transaction mode; then the
   * timeouts of statements hold in transactions alone. Default: true.
   */
  readonly prepare?: boolean
  /** How long connecting may take, in milliseconds. Default: 5 s. */
  readonly connectMs?: number
  /** How long one statement may take, in milliseconds. Default: 20 s. */
  readonly statementMs?: number
  /** How long one statement may wait for a lock, in milliseconds. Default: 10 s. */
  readonly lockMs?: number
  /**
   * How long calls wait for a database that has gone away, in milliseconds from when that was noticed: a restart or a
   * failover of a moment is a delay then, and no error. Later calls find out at once. Default: 3 s.
   */
  readonly patienceMs?: number
  /**
   * How long bytes are kept that nothing names any more, in milliseconds: what a client was told of is still there,
   * and so is what a restored backup of the database names again. Default: 30 minutes.
   */
  readonly trashMs?: number
  /** Milliseconds that are added to the database's clock: for tests. Default: none. */
  readonly clockOffset?: () => number
}

/** What Layerdock keeps in PostgreSQL. */
export interface PostgresStores {
  /** Names. Its `close` does nothing: the connections are those of all stores. */
  readonly metadata: MetadataStore
  readonly uploads: UploadStore
  /**
   * A blob store around another: blobs of at most `mostBytes` are kept in the database, as manifests and configs
   * are, and the rest in `around`, which it closes. Default: 64 KiB.
   */
  smallBlobs(around: BlobStore, mostBytes?: number): BlobStore
  /** 32 random bytes by this name: made once, and the same on every node. */
  secret(name: string): Promise<Uint8Array>
  /** A text that all nodes share, as `signingKeys` of `layerdock/access` takes its store. */
  keyStore(name: string): SharedText
  /** Milliseconds since the epoch by the database's clock, for a registry of several nodes. */
  readonly clock: () => number
  /** Opens names as they are at this moment, to be read while others change them. */
  oneMoment(): Promise<NamesOfOneMoment>
  /** What an operator wants to know of the server. @throws RegistryError where it cannot be used now */
  facts(): Promise<DatabaseFacts>
  /** What was sent to the server since the process began. */
  figures(): DatabaseFigures
  /** @throws RegistryError where the database cannot be used now */
  check(): Promise<void>
  /** Ends all connections; harmless when repeated. */
  close(): Promise<void>
}

/**
 * Opens what Layerdock keeps in PostgreSQL 15 or newer, and brings its tables to the newest version. Any number of
 * nodes may have it open at once.
 *
 * @throws SchemaTooNew when a later Layerdock made the tables
 * @throws RegistryError `unavailable` where the database cannot be reached
 */
export async function openPostgres(options: PostgresOptions): Promise<PostgresStores> {
  const driver = await driverOf(options)
  const database = new Database(driver, options.clockOffset, options.patienceMs)
  try {
    await migrate(database)
    const clock = new DatabaseClock(database)
    await clock.compare()
    const metadata = new PostgresMetadata(database, options.trashMs ?? 30 * 60_000)
    return {
      metadata,
      uploads: postgresUploads(database),
      smallBlobs: (around, mostBytes = defaultMostBytes) => smallBlobs(database, around, mostBytes),
      secret: (name) => sharedSecret(database, name),
      keyStore: (name) => sharedText(database, name),
      clock: clock.now,
      oneMoment: () => openOneMoment(driver),
      facts: () => databaseFacts(database),
      figures: () => database.figures(),
      check: () => database.check(),
      close() {
        metadata.outbox.close()
        return database.close()
      },
    }
  } catch (error) {
    await database.close().catch(() => {})
    throw error
  }
}

async function driverOf(options: PostgresOptions): Promise<SqlDriver> {
  if (options.sql !== undefined) return options.sql
  const { url, poolSize = 10, prepare = true } = options
  const { connectMs = 5000, statementMs = 20_000, lockMs = 10_000 } = options
  if (url === undefined) throw new TypeError('openPostgres needs a url, or the sql of the caller')
  // Loaded late: who brings connections need not have the package.
  const { postgresDriver } = await import('./postgres-js.ts')
  return postgresDriver({ url, poolSize, prepare, connectMs, statementMs, lockMs, idleMs: 10_000 })
}
