import {
  openPostgres,
  type PostgresOptions,
  type PostgresStores,
} from '../../adapters/postgres/open-postgres.ts'
import { postgresDriver } from '../../adapters/postgres/postgres-js.ts'
import type { SqlDriver, SqlQuery, SqlRow } from '../../adapters/postgres/sql-driver.ts'
import { memoryBlobs } from '../../src/memory/blob-store.ts'
import {
  type BlobStorePlace,
  fakeClock,
  type MetadataPlace,
  type Supports,
  type UploadStorePlace,
} from '../../src/testing/index.ts'
import { but } from '../contracts/breaking.ts'
import { partPlace } from '../contracts/part-place.ts'
import type { PostgresServer } from '../services/postgres.ts'

const connecting = {
  poolSize: 4,
  prepare: true,
  connectMs: 30_000,
  statementMs: 60_000,
  lockMs: 60_000,
  idleMs: 60_000,
}

/** A driver to a database in which `clock` tells the time, in milliseconds since the epoch. */
export function drivenBy(url: string, clock: () => number): SqlDriver {
  const driver = postgresDriver({ url, ...connecting })
  const told = (text: string): string =>
    text.replaceAll('clock_timestamp()', `to_timestamp(${clock()} / 1000.0)`)
  const timed =
    (query: SqlQuery): SqlQuery =>
    (text, params) =>
      query(told(text), params)
  return {
    query: timed(driver.query),
    transaction: (work) =>
      driver.transaction((query, last) =>
        work(timed(query), last && ((text, params) => last(told(text), params))),
      ),
    close: () => driver.close(),
  }
}

/** The database of each server that places share, one after the other. */
const shared: WeakMap<object, Promise<string>> = new WeakMap()

/** Empties every table: quicker than a database for each test. */
const emptied = `do $$
declare name text;
begin
  set local session_replication_role = replica;
  for name in select tablename from pg_tables
    where schemaname = 'public' and tablename <> 'layerdock_schema'
  loop execute format('delete from %I', name); end loop;
end $$`

/** The URL of a database with empty tables: of no use to two tests at once. */
export async function cleanDatabase(server: Pick<PostgresServer, 'database'>): Promise<string> {
  const before = shared.get(server)
  if (before === undefined) {
    const made = server.database().then(async (url) => {
      await (await openPostgres({ url, poolSize: 1 })).close()
      return url
    })
    shared.set(server, made)
    return made
  }
  const url = await before
  const driver = postgresDriver({ url, ...connecting })
  await driver.query(emptied)
  await driver.close()
  return url
}

/** A database for any number of stores, whose accesses can be made to fail. */
export interface DatabasePlace {
  open(options?: PostgresOptions): Promise<PostgresStores>
  /** Runs a statement over a connection of its own. */
  ask(text: string): Promise<readonly SqlRow[]>
  /** As `StorePlace.failOnce`. */
  failOnce(skip?: number): () => boolean
}

/** A fresh database, in which `clock` tells the time. */
export function databasePlace(
  server: Pick<PostgresServer, 'database'>,
  clock: () => number,
): DatabasePlace {
  const url = cleanDatabase(server)
  /** Statements that go well before one fails; none fails where it is null. */
  let left: number | null = null
  return {
    async open(options = {}) {
      const driver = failing(drivenBy(await url, clock), () => {
        if (left === null || left < 0) return false
        left -= 1
        return left < 0
      })
      return openPostgres({ sql: driver, ...options })
    },
    async ask(text) {
      const driver = drivenBy(await url, clock)
      try {
        return await driver.query(text)
      } finally {
        await driver.close()
      }
    },
    failOnce(skip = 0) {
      left = skip
      return () => {
        const happened = left !== null && left < 0
        left = null
        return happened
      }
    },
  }
}

/** A driver that loses its connection before a statement where it is told to. */
export function failing(driver: SqlDriver, isNext: () => boolean): SqlDriver {
  const guarded =
    (query: SqlQuery): SqlQuery =>
    async (text, params) => {
      if (isNext()) throw new Error('the connection is lost')
      return query(text, params)
    }
  return {
    query: guarded(driver.query),
    transaction: (work) => driver.transaction((query) => work(guarded(query))),
    close: () => driver.close(),
  }
}

/** What the upload store supports: everything. */
export const uploadSupports: Supports = { reopen: true, secondInstance: true, outages: true }

/** A database for upload stores. */
export function uploadPlace(
  server: Pick<PostgresServer, 'database'>,
  clock: () => number,
): UploadStorePlace {
  const place = databasePlace(server, clock)
  return {
    failOnce: (skip) => place.failOnce(skip),
    async open() {
      const stores = await place.open()
      return { ...stores.uploads, close: () => stores.close() }
    },
  }
}

/** What a store of small blobs supports around one in memory, all of whose blobs are small. */
export const smallSupports: Supports = { reopen: true, secondInstance: true, outages: true }

/** Small blobs in a database, around a store that they do not need. */
export function smallPlace(server: Pick<PostgresServer, 'database'>): BlobStorePlace {
  const place = databasePlace(server, Date.now)
  return blobsOf(place, { open: memoryBlobs }, undefined, (skip) => place.failOnce(skip))
}

/** Small blobs in a database, around a bucket with those of more than `mostBytes`. */
export function mixedPlace(
  server: Pick<PostgresServer, 'database'>,
  mostBytes: number,
): BlobStorePlace {
  const around = partPlace({ minPartBytes: 1000, keysPerPage: 2 })
  const place = databasePlace(server, Date.now)
  return blobsOf(place, around, mostBytes, (skip) => around.failOnce?.(skip) ?? (() => false))
}

function blobsOf(
  place: DatabasePlace,
  around: BlobStorePlace,
  mostBytes: number | undefined,
  failOnce: (skip?: number) => () => boolean,
): BlobStorePlace {
  return {
    failOnce,
    async open() {
      const stores = await place.open()
      const blobs = stores.smallBlobs(await around.open(), mostBytes)
      return { ...blobs, close: () => blobs.close().then(() => stores.close()) }
    },
  }
}

/** What the metadata store supports: everything. */
export const metadataSupports: Supports = {
  reopen: true,
  secondInstance: true,
  clock: true,
  bytes: true,
  usage: true,
  reasons: true,
  trash: true,
  conditions: true,
  browsing: true,
  outbox: true,
}

/** A database for metadata stores. */
export async function metadataPlace(
  server: Pick<PostgresServer, 'database'>,
): Promise<MetadataPlace> {
  const url = await cleanDatabase(server)
  const { now, advance } = fakeClock()
  const start = now()
  return {
    advance,
    async open() {
      const options = { url, poolSize: 4, trashMs: 0, clockOffset: () => now() - start }
      const stores = await openPostgres(options)
      return but(stores.metadata, () => ({ close: () => stores.close() }))
    },
  }
}
