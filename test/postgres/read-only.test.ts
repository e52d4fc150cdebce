import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import client from 'postgres'
import { expect, test } from 'vitest'
import { openPostgres } from '../../adapters/postgres/index.ts'
import { postgresDriver } from '../../adapters/postgres/postgres-js.ts'
import type { SqlDriver } from '../../adapters/postgres/sql-driver.ts'
import { afterTest } from '../disk/temporary.ts'
import { postgresAlone } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'

withServices('a database that takes no writes', { postgres: postgresAlone }, (running) => {
  const refused = { kind: 'unavailable', headers: { 'Retry-After': '5' } }

  async function administer(statement: string): Promise<void> {
    const admin = client(running.postgres.url, { max: 1, onnotice: () => {} })
    await admin.unsafe(statement).finally(() => admin.end())
  }

  function open(url: string): SqlDriver {
    const timeouts = { connectMs: 20_000, statementMs: 20_000, lockMs: 10_000, idleMs: 10_000 }
    const driver = postgresDriver({ url, poolSize: 3, prepare: true, ...timeouts })
    afterTest(() => driver.close())
    return driver
  }

  test('is read, and is written to once it takes writes again', async () => {
    const url = await running.postgres.database()
    const name = new URL(url).pathname.slice(1)
    await administer(`alter database ${name} set default_transaction_read_only = on`)
    const driver = open(url)
    const write = () => driver.query('create table if not exists kept (number integer)', [])
    await expect(write()).rejects.toMatchObject({ code: '25006' })
    expect(await driver.query('select 1 as one')).toMatchObject([{ one: 1 }])
    await administer(`alter database ${name} reset default_transaction_read_only`)
    await expect.poll(write).toEqual([])
  })

  test.each(['', '?target_session_attrs=read-write'])(
    'is not used where it is a replica %s',
    async (words) => {
      const url = `${await running.postgres.database()}${words}`
      const stores = await openPostgres({ url, patienceMs: 0 })
      afterTest(() => stores.close())
      await stores.secret('before')
      await running.postgres.halt('SIGINT')
      writeFileSync(join(running.postgres.folder, 'data/standby.signal'), '')
      await running.postgres.resume()
      // What it says of names may be old.
      await expect(stores.metadata.listRepositories({ limit: 10 })).rejects.toMatchObject(refused)
      await expect(stores.secret('meanwhile')).rejects.toMatchObject(refused)
      await expect(stores.check()).rejects.toMatchObject({ kind: 'unavailable' })
      await administer('select pg_promote()')
      await expect.poll(() => stores.secret('after').then(({ length }) => length)).toBe(32)
      await stores.check()
    },
  )

  test('is told of by a transaction that meets a replica', async () => {
    const url = `${await running.postgres.database()}?target_session_attrs=standby`
    const driver = open(url)
    await running.postgres.halt('SIGINT')
    writeFileSync(join(running.postgres.folder, 'data/standby.signal'), '')
    await running.postgres.resume()
    const work = driver.transaction((query) => query('select 1 as one'))
    await expect(work).rejects.toMatchObject({ code: '25006' })
    await administer('select pg_promote()')
  })
})
