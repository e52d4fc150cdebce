import { randomBytes } from 'node:crypto'
import postgresClient from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digestOf, pushBlob } from '../cli/harness.ts'
import {
  type Ended,
  entries,
  type Program,
  programFor,
  start,
  startServer,
} from '../cli/program.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'

let program: Program
beforeAll(async () => {
  program = await programFor('node')
})
afterAll(() => program.remove())

withServices('names in PostgreSQL, bytes in a folder', { postgres }, (running) => {
  /** The program with a database. */
  function over(database: string): Program {
    return { ...program, environment: { LAYERDOCK_DATABASE: database } }
  }

  function refused(database: string, ...words: readonly string[]): Promise<Ended> {
    return start(over(database), 'serve', '--listen', '127.0.0.1:0', ...words).ended
  }

  test('outlive the server, uploads under way included; a second server is refused', async () => {
    const database = await running.postgres.database()
    const words = ['--storage-dir', program.folder()]
    const first = await startServer(over(database), ...words)
    const small = await pushBlob(first.url, randomBytes(100))
    const large = await pushBlob(first.url, randomBytes(200_000))
    const opened = await fetch(`${first.url}/v2/a/blobs/uploads/`, { method: 'POST' })
    const session = opened.headers.get('location') ?? ''
    const bytes = randomBytes(150_000)
    const begun = { method: 'PATCH', body: bytes.subarray(0, 100_000) }
    expect((await fetch(`${first.url}${session}`, begun)).status).toBe(202)

    const second = await refused(database, ...words)
    expect([second.code, second.err]).toEqual([
      1,
      expect.stringContaining('another Layerdock is using this folder'),
    ])
    first.child.kill('SIGTERM')
    expect((await first.ended).code).toBe(0)

    const { url, child, ended } = await startServer(over(database), ...words)
    for (const digest of [small, large]) {
      const answer = await fetch(`${url}/v2/a/blobs/${digest}`)
      expect(digestOf(Buffer.from(await answer.arrayBuffer()))).toBe(digest)
    }
    const rest = { method: 'PUT', body: bytes.subarray(100_000) }
    const end = `${url}${session}${session.includes('?') ? '&' : '?'}digest=${digestOf(bytes)}`
    expect((await fetch(end, rest)).status).toBe(201)
    child.kill('SIGTERM')
    await ended

    // Without the database the folder would look empty, and its bytes like garbage.
    const alone = await start(program, 'serve', '--listen', '127.0.0.1:0', ...words).ended
    expect([alone.code, alone.err]).toEqual([1, expect.stringContaining('are in a database')])
  })

  test('a login that is refused, and a user without permission, end the start with what to do', async () => {
    const database = new URL(await running.postgres.database())
    const sql = postgresClient(database.href, { max: 1 })
    await sql`create role guest login`
    await sql.end()
    database.username = 'nobody-there'
    const words = ['--storage-dir', program.folder()]
    const unknown = await refused(database.href, ...words)
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('refuses the login')])
    database.username = 'guest'
    const guest = await refused(database.href, ...words)
    expect([guest.code, guest.err]).toEqual([
      1,
      expect.stringContaining('does not let this user make or use tables'),
    ])
  })

  test('a pool that the database has no connections for is a warning', async () => {
    const database = await running.postgres.database()
    const words = ['--storage-dir', program.folder(), '--pool-size', '500']
    const server = await startServer(over(database), ...words)
    expect(entries(server.out())).toContainEqual(
      expect.objectContaining({ level: 'warn', poolSize: 500, mostConnections: 197 }),
    )
    server.child.kill('SIGTERM')
    await server.ended
  })
})
