import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { Database } from '../../adapters/postgres/database.ts'
import { openPostgres, type SqlDriver } from '../../adapters/postgres/index.ts'
import { migrate } from '../../adapters/postgres/schema/migrate.ts'
import { firstVersions, migrations } from '../../adapters/postgres/schema/migrations.ts'
import type { MetadataStore } from '../../src/kit.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { useAll } from './all-methods.ts'
import { deleted, kept, pushed, told } from './fixture-content.ts'
import { drivenBy } from './places.ts'

const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url))

/** Everything that makes a schema, apart from the order in which it was made. */
const schemaText = `
  select table_name || '.' || column_name as name, concat_ws(' ', data_type, collation_name, is_nullable,
      column_default, is_identity) as definition
    from information_schema.columns where table_schema = 'public'
  union all select indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    from pg_index join pg_class on pg_class.oid = indrelid where relnamespace = 'public'::regnamespace
  union all select conname, pg_get_constraintdef(oid)
    from pg_constraint where connamespace = 'public'::regnamespace
  union all select relname, array_to_string(reloptions, ' ')
    from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
  order by 1, 2`

/** Brings back what was deleted, as it was. */
async function expectDeleted(store: MetadataStore, more: object): Promise<void> {
  const { repository, tag, manifest } = deleted
  const page = await store.listTrash?.({ limit: 10 }, repository)
  expect(page?.items).toMatchObject([{ kind: 'manifest', tags: [tag], size: manifest.size }])
  const [entry] = page?.items ?? []
  const outcome = await store.restore?.(repository, entry?.id ?? '', { leaseMs: 0 })
  expect(outcome).toMatchObject({ kind: 'restored', tags: [tag] })
  const record = await store.resolveTag(repository, tag)
  expect(record).toMatchObject({ blob: manifest, pulledAt: 7_200_000, ...more })
}

/** Finds the tag as it is, in the order of sizes too. */
async function expectFound(store: MetadataStore, pushedBy: string | null): Promise<void> {
  const { repository, tag, layer, manifest } = kept
  const record = await store.resolveTag(repository, tag)
  expect(record).toMatchObject({ contentSize: layer.size, ...(pushedBy && { pushedBy }) })
  for (const order of ['name', 'updated', 'version', 'size'] as const) {
    const found = await store.findTags?.(repository, { order, descending: true, limit: 1 })
    expect(found).toMatchObject({
      items: [{ tag, digest: manifest.digest, contentSize: layer.size, pushedBy }],
      next: null,
    })
  }
  const search = { order: 'size', descending: true, after: `${layer.size}:z`, limit: 1 } as const
  expect((await store.findTags?.(repository, search))?.items).toHaveLength(1)
  const [summary] = (await store.summarizeRepositories?.([repository])) ?? []
  expect(summary?.pushedAt).toBe(record?.pushedAt)
}

/** Finds the messages as they are. */
async function expectTold({ outbox }: MetadataStore): Promise<void> {
  const { repository, waiting, dead } = told
  expect((await outbox?.list({ limit: 10 }))?.items).toMatchObject([
    { repository, state: 'waiting', ...waiting },
    { repository, state: 'dead', ...dead },
  ])
  expect(await outbox?.counts()).toMatchObject([
    { endpoint: 'one', waiting: 1, waitingBytes: 14, dead: 0 },
    { endpoint: 'two', waiting: 0, dead: 1, deadBytes: 10 },
  ])
  expect(await outbox?.claim(['one', 'two'], { limit: 10, forMs: 1 })).toMatchObject({
    entries: [waiting],
  })
}

withServices('tables in PostgreSQL', { postgres }, (running) => {
  async function withDatabase(
    use: (url: string, driver: SqlDriver) => Promise<void>,
  ): Promise<void> {
    const url = await running.postgres.database()
    const driver = drivenBy(url, Date.now)
    try {
      await use(url, driver)
    } finally {
      await driver.close()
    }
  }

  const versionOf = async (driver: SqlDriver): Promise<number[]> => {
    const rows = await driver.query('select version from layerdock_schema order by version')
    return rows.map(({ version }) => Number(version))
  }

  describe('of each earlier version', () => {
    test('have a dump', () => {
      expect(readdirSync(fixtures).sort()).toEqual(
        migrations.map((_, index) => `version-${index + 1}.sql`).sort(),
      )
    })

    test.each(readdirSync(fixtures))('become the newest, with what is in them: %s', (file) =>
      withDatabase(async (url, driver) => {
        await driver.query(readFileSync(`${fixtures}${file}`, 'utf8'))
        const { metadata, close } = await openPostgres({ url, trashMs: 0 })
        const { repository, tag, layer, manifest, condemned } = kept
        const record = await metadata.resolveTag(repository, tag)
        expect(record).toMatchObject({ blob: manifest, subject: layer.digest })
        expect(record?.annotations).toEqual([['key', 'é\u0000']])
        expect(await metadata.findBlob(repository, layer.digest)).toEqual(layer)
        expect(await metadata.condemn(10)).toEqual([condemned])
        // Of older manifests, a collection finds out the size.
        await expectFound(metadata, file < 'version-3' ? null : pushed.pushedBy)
        if (file !== 'version-1.sql')
          await expectDeleted(metadata, file < 'version-3' ? {} : pushed)
        if (file >= 'version-5') await expectTold(metadata)
        await useAll(metadata)
        await close()
        const migrated = await driver.query(schemaText)
        await withDatabase(async (fresh, other) => {
          await (await openPostgres({ url: fresh })).close()
          expect(migrated).toEqual(await other.query(schemaText))
        })
      }),
    )
  })

  test('are made by one of the nodes that start at once', () =>
    withDatabase(async (url, driver) => {
      const nodes = await Promise.all(Array.from({ length: 6 }, () => openPostgres({ url })))
      expect(await versionOf(driver)).toEqual(migrations.map((_, index) => index + 1))
      for (const node of nodes) await node.close()
    }))

  test('are changed in steps, each of them whole or not at all', () =>
    withDatabase(async (_, driver) => {
      const database = new Database(driver)
      const [first, second] = ['create table one (id integer)', 'create table two (id integer);']
      await migrate(database, [first])
      const broken = [first, second, 'create table three (id integer); select 1 / 0']
      await expect(migrate(database, broken)).rejects.toThrow('division by zero')
      expect(await versionOf(driver)).toEqual([1, 2])
      await expect(driver.query('select * from three')).rejects.toThrow('does not exist')
      await migrate(database, [first, second, '-- A comment; with more.\ncreate table three ()'])
      expect(await versionOf(driver)).toEqual([1, 2, 3])
      await driver.query('select * from one, two, three')
    }))

  test('of a later Layerdock are left alone', () =>
    withDatabase(async (url, driver) => {
      await (await openPostgres({ url })).close()
      const later = migrations.length + 1
      await driver.query(`insert into layerdock_schema values (${later}, now())`)
      for (const [comment, needs, words] of [
        ["'Layerdock 0.9.0 or newer'", '0.9.0', 'Layerdock 0.9.0 or a newer one'],
        ['null', null, 'a newer one'],
      ]) {
        await driver.query(`comment on table layerdock_schema is ${comment}`)
        await expect(openPostgres({ url })).rejects.toMatchObject({
          name: 'SchemaTooNew',
          version: later,
          needs,
          message: `the tables in the database have version ${later}, and this Layerdock knows no later version than ${later - 1}; start ${words}`,
        })
      }
    }))

  test('say which Layerdock knows them, for older ones', () =>
    withDatabase(async (url, driver) => {
      expect(firstVersions).toHaveLength(migrations.length)
      await (await openPostgres({ url })).close()
      const rows = await driver.query(
        "select obj_description('layerdock_schema'::regclass, 'pg_class') as comment",
      )
      expect(rows).toEqual([{ comment: `Layerdock ${firstVersions.at(-1)} or newer` }])
    }))
})
