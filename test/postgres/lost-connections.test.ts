import { expect, test } from 'vitest'
import { postgresDriver } from '../../adapters/postgres/postgres-js.ts'
import type { SqlDriver } from '../../adapters/postgres/sql-driver.ts'
import { afterTest } from '../disk/temporary.ts'
import { postgresAlone } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'

// What is sent over a connection that is closed ends the process: the test runner fails of it.
withServices('a transaction whose connection is lost', { postgres: postgresAlone }, (running) => {
  async function open(prepare = true): Promise<SqlDriver> {
    const timeouts = { connectMs: 20_000, statementMs: 20_000, lockMs: 10_000, idleMs: 10_000 }
    // Closing after each test waits for nothing that is lost.
    const closingMs = 600_000
    const url = await running.postgres.database()
    const driver = postgresDriver({ url, poolSize: 3, prepare, closingMs, ...timeouts })
    afterTest(() => driver.close())
    return driver
  }

  test.each([true, false])('fails, and the next one is made (prepared: %s)', async (prepare) => {
    const driver = await open(prepare)
    const pid = 'select pg_backend_pid() as pid'
    for (let round = 0; round < 10; round += 1) {
      const lost = driver.transaction(async (query) => {
        const [own] = await query(pid)
        const [other] = await driver.query(pid)
        expect(other?.pid).not.toBe(own?.pid)
        await driver.query(`select pg_terminate_backend(${Number(own?.pid)})`)
        const error = await query('select pg_sleep(60)').catch((thrown: unknown) => thrown)
        // What goes on after an error harms nothing.
        await query('select 1').catch(() => {})
        throw error
      })
      await expect(lost).rejects.toThrow()
      const next = driver.transaction((query) => query('select 1 as one'))
      expect(await next).toMatchObject([{ one: 1 }])
    }
  })

  test('fails where the server dies in it, and the next one is made once it is back', async () => {
    const driver = await open()
    const lost = driver.transaction(async (query) => {
      await query('select 1')
      await running.postgres.halt()
      // The process behind a connection may outlive the server for a moment, and still answer what takes no time.
      await query('select pg_sleep(60)')
    })
    await expect(lost).rejects.toThrow()
    await running.postgres.resume()
    expect(await driver.query('select 1 as one')).toMatchObject([{ one: 1 }])
  })

  test('is rolled back where only its work fails', async () => {
    const driver = await open()
    await driver.query('create table kept (number integer)')
    const failed = driver.transaction(async (query) => {
      await query('insert into kept values (1)')
      throw new Error('on purpose')
    })
    await expect(failed).rejects.toThrow('on purpose')
    const refused = driver.transaction(async (query) => {
      await query('insert into kept values (2)')
      await query('select * from absent')
    })
    await expect(refused).rejects.toMatchObject({ code: '42P01' })
    expect(await driver.query('select * from kept')).toHaveLength(0)
  })
})
