import { afterEach, expect, test } from 'vitest'
import {
  openPostgres,
  type PostgresOptions,
  type PostgresStores,
} from '../../adapters/postgres/index.ts'
import { type FaultProxy, faultProxy } from '../services/fault-proxy.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { useAll } from './all-methods.ts'

const page = { limit: 1 }
const unavailable = { kind: 'unavailable', headers: { 'Retry-After': '5' } }

withServices('connections to PostgreSQL', { postgres }, (running) => {
  const opened: Array<{ close(): Promise<void> }> = []
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close()
  })

  async function throughProxy(
    options: Partial<PostgresOptions> = {},
  ): Promise<{ readonly proxy: FaultProxy; readonly stores: PostgresStores }> {
    const proxy = await faultProxy(running.postgres.port)
    const url = new URL(await running.postgres.database())
    url.port = String(proxy.port)
    const stores = await openPostgres({ url: url.href, patienceMs: 0, ...options })
    opened.push(stores, proxy)
    return { proxy, stores }
  }

  test('that are swallowed are given up, and made again', async () => {
    const { proxy, stores } = await throughProxy({ poolSize: 2, statementMs: 500, lockMs: 500 })
    // Every connection there is, and each that is made from now on.
    const hang = proxy.inject({ kind: 'hang' }, { times: 1000 })
    const asked = await Promise.allSettled([
      stores.metadata.listRepositories(page),
      stores.metadata.listRepositories(page),
      stores.secret('one'),
      stores.metadata.deleteEmptyRepositories(10),
    ])
    for (const each of asked)
      expect(each).toMatchObject({ status: 'rejected', reason: unavailable })
    hang.remove()
    await expect
      .poll(() => stores.metadata.listRepositories(page).catch(() => null))
      .toEqual({ items: [], more: false })
  })

  test('that a balancer takes and ends are failures, and not tried without a pause', async () => {
    const { proxy, stores } = await throughProxy({ poolSize: 2 })
    proxy.reset()
    const ended = proxy.inject({ kind: 'answer', text: '' }, { times: 100_000 })
    await expect(stores.metadata.listRepositories(page)).rejects.toMatchObject(unavailable)
    expect(ended.happened).toBeLessThan(10)
    ended.remove()
    await expect
      .poll(() => stores.metadata.listRepositories(page).catch(() => null))
      .toEqual({ items: [], more: false })
  })

  test('go to the first of several hosts that is there, and say so where none is', async () => {
    const { proxy } = await throughProxy()
    await proxy.refuse()
    const [dead, live] = [`127.0.0.1:${proxy.port}`, `127.0.0.1:${running.postgres.port}`]
    const { pathname } = new URL(await running.postgres.database())
    const open = (hosts: string) =>
      openPostgres({
        ...{ url: `postgres://postgres@${hosts}${pathname}?target_session_attrs=read-write` },
        ...{ patienceMs: 0, statementMs: 1000, lockMs: 1000 },
      })
    for (const hosts of [`${dead},${live}`, `${live},${dead}`]) {
      const stores = await open(hosts)
      opened.push(stores)
      expect((await stores.metadata.listRepositories(page)).items).toEqual([])
    }
    const error = await open(`${dead},${dead}`).catch((thrown) => thrown)
    expect(error).toMatchObject(unavailable)
    expect(error.cause.message).toContain('ECONNREFUSED')
  })

  test('that are shared in turn by many clients need nothing of a session', async () => {
    const { stores } = await throughProxy({ prepare: false, trashMs: 0 })
    await useAll(stores.metadata)
  })

  test('that cannot be made say so, without a password', async () => {
    const { proxy, stores } = await throughProxy()
    await proxy.refuse()
    await expect(stores.check()).rejects.toMatchObject(unavailable)
    await proxy.accept()
    await stores.check()
    const url = new URL(running.postgres.url)
    for (const [host, port] of [
      ['127.0.0.1', proxy.port],
      ['does-not-exist.invalid', 5432],
    ]) {
      url.password = 'hunter2'
      url.host = `${host}:${port}`
      await proxy.refuse()
      const error = await openPostgres({ url: url.href, patienceMs: 0, connectMs: 1000 }).catch(
        (thrown) => thrown,
      )
      expect(error).toMatchObject(unavailable)
      const said = [error, error.cause].map(
        (each) => `${each.message} ${each.stack} ${JSON.stringify(each)}`,
      )
      expect(said.join()).not.toContain('hunter2')
    }
  })
})
