import { connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { postgresDriver } from '../../adapters/postgres/postgres-js.ts'
import type { SqlDriver } from '../../adapters/postgres/sql-driver.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'

/** Stands before a server, and holds its answers back on request. */
interface Relay {
  readonly port: number
  /** Holds answers back from now on. */
  hold(): void
  /** What clients sent since then, as latin1. */
  sent(): string
  letGo(): void
  close(): void
}

async function relayTo(target: number): Promise<Relay> {
  const servers: Set<Socket> = new Set()
  const sent: Buffer[] = []
  const relay = createServer((client) => {
    const server = connect({ port: target, host: '127.0.0.1', noDelay: true })
    servers.add(server)
    server.on('close', () => client.destroy())
    for (const socket of [client, server]) socket.on('error', () => {})
    client.on('data', (chunk) => sent.push(chunk)).pipe(server)
    server.pipe(client)
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const address = relay.address()
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    hold() {
      sent.length = 0
      for (const server of servers) server.pause()
    },
    sent: () => Buffer.concat(sent).toString('latin1'),
    letGo() {
      for (const server of servers) server.resume()
    },
    close() {
      for (const server of servers) server.destroy()
      relay.close()
    },
  }
}

withServices('statements of a transaction', { postgres }, (running) => {
  let relay: Relay
  let driver: SqlDriver
  /** Another way to the server. */
  let direct: SqlDriver

  beforeEach(async () => {
    const url = new URL(await running.postgres.database())
    relay = await relayTo(Number(url.port))
    const timeouts = { connectMs: 60_000, statementMs: 60_000, lockMs: 60_000, idleMs: 60_000 }
    const options = { poolSize: 1, prepare: true, ...timeouts }
    direct = postgresDriver({ url: url.href, ...options })
    url.port = String(relay.port)
    driver = postgresDriver({ url: url.href, ...options })
    await driver.query('create table kept (number integer primary key, label text)')
    // A connection prepares each of them once.
    await add(0, 'first')
    // The connection is free again once this is answered.
    await driver.query('select 1')
  })
  afterEach(async () => {
    relay.close()
    await Promise.all([driver.close(), direct.close()])
  })

  const select = 'select label from kept where label = $1'
  const insert = 'insert into kept values ($1, $2)'
  const kept = () => direct.query('select number from kept where number > 0 order by number')

  /** Adds a number, with a look before it whose answer `between` waits for. */
  function add(
    number: number,
    label: string,
    between: () => void = () => {},
  ): Promise<readonly unknown[]> {
    return driver.transaction(async (query, last) => {
      const looked = await query(select, [`look ${label}`])
      between()
      last?.(insert, [number, `note ${label}`])
      return looked
    })
  }

  test('go with its beginning, and the last of them with its commit', async () => {
    relay.hold()
    const added = add(1, 'one', relay.hold)
    await expect.poll(relay.sent).toContain('look one')
    expect(relay.sent()).toContain('begin')
    expect(relay.sent()).not.toContain('note one')
    relay.letGo()
    await expect.poll(relay.sent).toContain('commit and chain')
    expect(relay.sent()).toContain('note one')
    // No answer has come back, and yet it is durable.
    await expect.poll(kept).toHaveLength(1)
    relay.letGo()
    await added
  })

  test('are rolled back where the last of them fails, which is told', async () => {
    const twice = driver.transaction(async (_, last) => {
      last?.(insert, [1, 'one'])
      last?.(insert, [1, 'another'])
      last?.(insert, [2, 'two'])
    })
    await expect(twice).rejects.toMatchObject({ code: '23505' })
    await add(3, 'three')
    expect(await kept()).toEqual([{ number: 3 }])
  })

  test('are rolled back where one failed that its work did not care about', async () => {
    const careless = driver.transaction(async (query, last) => {
      await query(insert, [0, 'there already']).catch(() => {})
      last?.(insert, [1, 'one'])
    })
    await expect(careless).rejects.toMatchObject({ code: '23505' })
    expect(await kept()).toEqual([])
  })

  test('that the package sends once more are not committed by themselves', async () => {
    // The server has forgotten what was prepared, as a pooler may have.
    await driver.query('deallocate all')
    const forgotten = driver.transaction(async (_, last) => {
      last?.('select 1')
      last?.(insert, [1, 'one'])
    })
    await expect(forgotten).rejects.toThrow()
    expect(await kept()).toEqual([])
    // Each statement is known again once it has failed.
    const isAdded = () =>
      add(2, 'two').then(
        () => true,
        () => false,
      )
    await expect.poll(isAdded).toBe(true)
    expect(await kept()).toEqual([{ number: 2 }])
  })

  test('are unknown once the connection is lost while it commits', async () => {
    relay.hold()
    const added = add(1, 'one', relay.hold)
    await expect.poll(relay.sent).toContain('look one')
    relay.letGo()
    await expect.poll(kept).toHaveLength(1)
    relay.close()
    await expect(added).rejects.toThrow()
  })
})
