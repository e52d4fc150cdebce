import { afterEach, expect, test } from 'vitest'
import {
  openPostgres,
  type PostgresOptions,
  type PostgresStores,
  type SqlDriver,
} from '../../adapters/postgres/index.ts'
import type { Outbox, OutboxMessage, Telling } from '../../src/kit.ts'
import { repositoryNamed, sampleDigest } from '../../src/testing/samples.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { cleanDatabase, drivenBy } from './places.ts'
import { faultsIn } from './soundness.ts'

const here = repositoryNamed('told/here')
const there = repositoryNamed('told/there')
const options = { limit: 10, forMs: 60_000 }

withServices('messages in PostgreSQL', { postgres }, (running) => {
  const opened: Array<PostgresStores | SqlDriver> = []
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close()
  })

  async function open(more: PostgresOptions): Promise<PostgresStores & { outbox: Outbox }> {
    const stores = await openPostgres({ trashMs: 0, ...more })
    opened.push(stores)
    const { outbox } = stores.metadata
    if (outbox === undefined) throw new Error('there is no outbox')
    return { ...stores, outbox }
  }

  async function driverTo(url: string): Promise<SqlDriver> {
    const driver = drivenBy(url, Date.now)
    opened.push(driver)
    return driver
  }

  const told = (text: string, endpoints = ['one']): Telling<unknown> => {
    return { tell: (): readonly OutboxMessage[] => [{ endpoints, text }] }
  }
  let pushed = 0
  async function push(
    { metadata }: PostgresStores,
    text: string,
    { repository = here, endpoints = ['one'] } = {},
  ): Promise<void> {
    pushed += 1
    const blob = { digest: sampleDigest(pushed), size: 1, key: `told/${pushed}` }
    await metadata.linkBlob(repository, blob, 1000, told(text, endpoints))
  }
  const textsOf = ({ entries }: Awaited<ReturnType<Outbox['claim']>>): string[] =>
    entries.map(({ text }) => text)

  test('that one node put there are delivered by any, each by one', async () => {
    const url = await cleanDatabase(running.postgres)
    // One is as behind a pooler of transactions.
    const nodes = [await open({ url }), await open({ url, prepare: false }), await open({ url })]
    const [first] = nodes
    if (first === undefined) throw new Error('there is no node')
    const repositories = Array.from({ length: 30 }, (_, n) => repositoryNamed(`told/${n}`))
    for (const repository of repositories) {
      for (const text of ['first', 'second']) {
        await push(first, `${text} of ${repository}`, { repository })
      }
    }
    for (const round of ['first', 'second']) {
      const claims = await Promise.all(
        nodes.map(({ outbox }) => outbox.claim(['one'], { ...options, limit: 10 })),
      )
      const rest = await first.outbox.claim(['one'], { ...options, limit: 100 })
      const entries = [...claims, rest].flatMap((claim) => claim.entries)
      const texts = repositories.map((repository) => `${round} of ${repository}`)
      expect(entries.map(({ text }) => text).sort()).toEqual(texts.sort())
      await Promise.all(
        nodes.map(({ outbox }, n) => outbox.delivered(entries.filter((_, at) => at % 3 === n))),
      )
    }
    expect((await first.outbox.list({ limit: 10 })).items).toEqual([])
    expect(await faultsIn((await driverTo(url)).query)).toEqual([])
  })

  test('are there once where their transaction had to be made again', async () => {
    const url = await cleanDatabase(running.postgres)
    const driver = await driverTo(url)
    let refusals = 2
    const sql: SqlDriver = {
      ...driver,
      transaction: (work) =>
        driver.transaction(async (query) => {
          const value = await work(query)
          refusals -= 1
          if (refusals < 0) return value
          throw Object.assign(new Error('met another transaction'), { code: '40001' })
        }),
    }
    const node = await open({ url })
    const refusing = await openPostgres({ sql: { ...sql, query: driver.query } })
    refusals = 2
    let asked = 0
    let calls = 0
    const stop = refusing.metadata.outbox?.onWaiting(() => {
      calls += 1
    })
    const blob = { digest: sampleDigest(1), size: 1, key: 'told/again' }
    await refusing.metadata.linkBlob(here, blob, 1000, {
      tell() {
        asked += 1
        return [{ endpoints: ['one'], text: `asked ${asked} times` }]
      },
    })
    stop?.()
    expect(asked).toBe(3)
    expect(calls).toBe(1)
    expect(textsOf(await node.outbox.claim(['one'], options))).toEqual(['asked 3 times'])
    expect(await node.outbox.counts()).toMatchObject([{ endpoint: 'one', waiting: 1 }])
  })

  test('of another node are noticed, also where its claims end', async () => {
    const url = await cleanDatabase(running.postgres)
    const [one, other] = [await open({ url }), await open({ url })]
    const called = (node: { outbox: Outbox }) =>
      new Promise<void>((resolve) => {
        const stop = node.outbox.onWaiting(() => {
          stop()
          resolve()
        })
      })
    const noticed = called(other)
    await push(one, 'first')
    await noticed
    // The node dies with its claim.
    const claimed = await one.outbox.claim(['one'], { limit: 1, forMs: 1 })
    expect(textsOf(claimed)).toEqual(['first'])
    await called(other)
    expect(textsOf(await other.outbox.claim(['one'], options))).toEqual(['first'])
  })

  test('that come while the last one before them is delivered wait behind no one', async () => {
    const url = await cleanDatabase(running.postgres)
    const [one, other] = [await open({ url }), await open({ url })]
    for (let round = 0; round < 60; round += 1) {
      await push(one, `${round}`)
      const { entries } = await other.outbox.claim(['one'], options)
      const more = [1, 2].map((n) => push(one, `${round} ${n}`))
      await Promise.all([other.outbox.delivered(entries), ...more])
      const waiting = await other.outbox.list({ limit: 100, state: 'waiting' })
      const next = await other.outbox.claim(['one'], options)
      expect(textsOf(next)).toEqual(waiting.items.slice(0, 1).map(({ text }) => text))
      await other.outbox.delivered(waiting.items)
    }
    expect(await faultsIn((await driverTo(url)).query)).toEqual([])
  })

  test('are sent again without a deadlock with changes that end them', async () => {
    const url = await cleanDatabase(running.postgres)
    const node = await open({ url })
    await push(node, 'dead')
    await push(node, 'waits')
    const [entry] = (await node.outbox.claim(['one'], options)).entries
    if (entry === undefined) throw new Error('nothing was claimed')
    await node.outbox.bury(entry, 'refused')
    const driver = await driverTo(url)
    const isBlocked = async (): Promise<boolean> => {
      const rows = await driver.query('select 1 as waits from pg_locks where not granted limit 1')
      return rows.length > 0
    }
    let resent: Promise<number> | null = null
    await driver.transaction(async (query) => {
      await query('select head from outbox_heads for update')
      resent = node.outbox.resend({ state: 'dead' }, 1)
      while (!(await isBlocked()));
      await query('select id from dead_letters for update nowait')
    })
    expect(await resent).toBe(1)
  })

  test('go with a change of a repository that another node changes too, in its order', async () => {
    const url = await cleanDatabase(running.postgres)
    const nodes = [await open({ url }), await open({ url })]
    const orders: Record<string, string[]> = { [here]: [], [there]: [] }
    const repositories = [here, there]
    await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const node = nodes[n % 2] as PostgresStores
        const repository = repositories[(n >> 1) % 2] as typeof here
        const blob = { digest: sampleDigest(1000 + n), size: 1, key: `told/order/${n}` }
        await node.metadata.linkBlob(repository, blob, 1000, {
          tell() {
            // While it holds the repository's lock.
            const order = orders[repository] ?? []
            order.push(`${n}`)
            return [{ endpoints: ['one', 'two'], text: `${n}` }]
          },
        })
      }),
    )
    const { items } = await (nodes[0] as (typeof nodes)[number]).outbox.list({ limit: 1000 })
    for (const endpoint of ['one', 'two']) {
      for (const repository of repositories) {
        const own = items.filter(
          (item) => item.endpoint === endpoint && item.repository === repository,
        )
        expect(own.map(({ text }) => text)).toEqual(orders[repository])
      }
    }
  })
})
