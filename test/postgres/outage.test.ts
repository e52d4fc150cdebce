import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import postgresClient from 'postgres'
import { expect, test } from 'vitest'
import { openPostgres } from '../../adapters/postgres/index.ts'
import { postgresAlone } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'

withServices('a database that restarts', { postgres: postgresAlone }, (running) => {
  const reading = { limit: 10 }

  test('is waited for, by reads and by transactions', async () => {
    const url = await running.postgres.database()
    const stores = await openPostgres({ url, patienceMs: 60_000 })
    await stores.secret('before')
    await running.postgres.halt('SIGINT')
    const waiting = [stores.metadata.listRepositories(reading), stores.secret('meanwhile')]
    // The health page does not wait.
    await expect(stores.check()).rejects.toMatchObject({ kind: 'unavailable' })
    await running.postgres.resume()
    const [repositories, secret] = await Promise.all(waiting)
    expect(repositories).toMatchObject({ items: [] })
    expect(secret).toHaveLength(32)
    await stores.check()
    await stores.close()
  })

  test('and stays away is told of, and is good again once it is back', async () => {
    const url = await running.postgres.database()
    const stores = await openPostgres({ url, patienceMs: 0 })
    await running.postgres.halt()
    const refused = { kind: 'unavailable', headers: { 'Retry-After': '5' } }
    await expect(stores.metadata.listRepositories(reading)).rejects.toMatchObject(refused)
    await expect(stores.secret('meanwhile')).rejects.toMatchObject(refused)
    await running.postgres.resume()
    await expect.poll(() => stores.secret('after').then(({ length }) => length)).toBe(32)
    await stores.close()
  })

  test('and comes back as a standby is not ready', async () => {
    const url = await running.postgres.database()
    const stores = await openPostgres({ url, patienceMs: 0 })
    await stores.check()
    const sql = postgresClient(url, { max: 1 })
    const [row] = await sql`show data_directory`
    await sql.end()
    await running.postgres.halt()
    const signal = join(row?.data_directory, 'standby.signal')
    await writeFile(signal, '')
    await running.postgres.resume()
    await expect(stores.check()).rejects.toMatchObject({ kind: 'unavailable' })
    await stores.close()
  })
})
