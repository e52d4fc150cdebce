import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import postgresClient from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrations } from '../../adapters/postgres/schema/migrations.ts'
import { digestOf, pushBlob } from '../cli/harness.ts'
import { entries, type Program, programFor } from '../cli/program.ts'
import { dial, readUntil } from '../node-fs/loopback.ts'
import { seaweedfs } from '../services/object-storage.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { type Cluster, databasePassword, startCluster } from './cluster.ts'

let program: Program
beforeAll(async () => {
  program = await programFor('node')
})
afterAll(() => program.remove())

const mediaType = 'application/vnd.oci.image.manifest.v1+json'

/** Pushes an image of one blob to `a`, under a tag; its digest. */
async function pushImage(url: string, tag: string, text: string): Promise<string> {
  const config = {
    mediaType: 'a/b',
    digest: await pushBlob(url, Buffer.from(text)),
    size: text.length,
  }
  const body = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] })
  const answer = await fetch(`${url}/v2/a/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'Content-Type': mediaType },
    body,
  })
  expect(answer.status).toBe(201)
  return answer.headers.get('docker-content-digest') ?? ''
}

/** What a tag or a digest of `a` stands for; null where it is a 404. */
async function pulled(url: string, reference: string): Promise<string | null> {
  const answer = await fetch(`${url}/v2/a/manifests/${reference}`, {
    headers: { Accept: mediaType },
  })
  await answer.arrayBuffer()
  return answer.status === 200 ? answer.headers.get('docker-content-digest') : null
}

/** Who has the upload sessions of a database. */
async function holders(url: string): Promise<readonly (string | null)[]> {
  const sql = postgresClient(url, { max: 1 })
  try {
    return (await sql`select holder from uploads`).map(({ holder }) => holder)
  } finally {
    await sql.end()
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}

withServices(
  'nodes over one database and one bucket',
  { postgres, storage: seaweedfs },
  (running) => {
    async function cluster(
      words: readonly string[],
      work: (cluster: Cluster) => Promise<void>,
    ): Promise<void> {
      const stores = { postgres: running.postgres, storage: running.storage }
      const made = await startCluster({ nodes: 2, stores, words, program })
      try {
        await work(made)
      } finally {
        await made.stop()
      }
    }

    test('have the same content, and a tag or a manifest is never stale', async () => {
      await cluster(['--redirect', 'on'], async ({ url, nodes, balancer, storage }) => {
        const [a, b] = nodes.map((node) => node.url) as [string, string]
        // Each request of an upload to another node: no session sticks.
        const bytes = randomBytes(200_000)
        const opened = await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' })
        const session = `${url}${opened.headers.get('location')}`
        expect((await fetch(session, { method: 'PATCH', body: bytes })).status).toBe(202)
        const end = `${session}${session.includes('?') ? '&' : '?'}digest=${digestOf(bytes)}`
        expect((await fetch(end, { method: 'PUT' })).status).toBe(201)
        expect(balancer.sent.length).toBe(2)
        const small = await pushBlob(a, randomBytes(1000))
        for (const node of [a, b]) {
          const blob = `${node}/v2/a/blobs/${digestOf(bytes)}`
          const { status, headers } = await fetch(blob, { redirect: 'manual' })
          expect([status, headers.get('location')?.startsWith(storage.endpoint)]).toEqual([
            307,
            true,
          ])
          // What is in the database is not in the bucket.
          const near = await fetch(`${node}/v2/a/blobs/${small}`, { redirect: 'manual' })
          expect(near.status).toBe(200)
          const answer = await fetch(blob)
          expect(Buffer.from(await answer.arrayBuffer())).toEqual(bytes)
        }

        const first = await pushImage(a, 'latest', 'one')
        expect([await pulled(a, 'latest'), await pulled(b, 'latest')]).toEqual([first, first])
        const second = await pushImage(a, 'latest', 'two')
        expect(await pulled(b, 'latest')).toBe(second)
        expect(await pulled(b, first)).toBe(first)
        await fetch(`${a}/v2/a/manifests/${first}`, { method: 'DELETE' })
        // Its bytes are in the memory of both.
        expect(await pulled(b, first)).toBe(null)
        await fetch(`${b}/v2/a/manifests/latest`, { method: 'DELETE' })
        expect(await pulled(a, 'latest')).toBe(null)
      })
    })

    test('one that ends hands its upload to the other at once, and tells no secret', async () => {
      await cluster(['--drain-seconds', '0'], async ({ nodes, storage, database }) => {
        const [a, b] = nodes
        if (a === undefined || b === undefined) throw new Error('no nodes')
        const opened = await fetch(`${a.url}/v2/a/blobs/uploads/`, { method: 'POST' })
        const session = opened.headers.get('location') ?? ''
        const bytes = randomBytes(512 * 1024)
        const begin = { method: 'PATCH', body: bytes.subarray(0, 1000) }
        expect((await fetch(`${a.url}${session}`, begin)).status).toBe(202)
        const socket = await dial(a.port)
        const head = `PATCH ${session} HTTP/1.1\r\nHost: h\r\nContent-Length: ${bytes.length - 1000}\r\n\r\n`
        socket.write(head)
        socket.write(bytes.subarray(1000, 256 * 1024))
        while ((await holders(database)).every((holder) => holder === null)) await pause()
        const ended = a.end('SIGTERM')
        const answer = await readUntil(socket, '\r\n\r\n')
        expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 5/i)
        socket.destroy()
        const status = await fetch(`${b.url}${session}`)
        const offset = Number(status.headers.get('range')?.split('-')[1]) + 1
        expect(offset).toBeGreaterThanOrEqual(1000)
        expect(await holders(database)).toEqual([null])
        const rest = { method: 'PUT', body: bytes.subarray(offset) }
        const end = `${b.url}${session}${session.includes('?') ? '&' : '?'}digest=${digestOf(bytes)}`
        expect((await fetch(end, rest)).status).toBe(201)
        expect(await ended).toBe(0)
        expect(a.log()).toContain('"uploads":1,"msg":"kept uploads under way"')
        for (const { log } of nodes) {
          expect(log()).not.toContain(storage.secretAccessKey)
          expect(log()).not.toContain(databasePassword)
        }
      })
    })

    test('a token of one is good at the other, and the log says where everything is', async () => {
      const users = join(program.folder(), 'users')
      writeFileSync(users, 'ann:$2b$04$sAdA3bxiDsgxgpq.DqHHhemnStCYFItKXOnHFNFd0l.9CR6yDpU5m\n')
      await cluster(['--htpasswd', users], async ({ nodes }) => {
        const [a, b] = nodes
        if (a === undefined || b === undefined) throw new Error('no nodes')
        const basic = { Authorization: `Basic ${btoa('ann:secret')}` }
        const answer = await fetch(`${a.url}/v2/_layerdock/token?service=layerdock`, {
          headers: basic,
        })
        const { token } = (await answer.json()) as { token: string }
        const bearer = { Authorization: `Bearer ${token}` }
        expect((await fetch(`${b.url}/v2/`, { headers: bearer })).status).toBe(200)
        const lines = entries(a.log())
        const database = expect.stringMatching(/^127\.0\.0\.1:\d+\/test_\w+$/)
        expect(lines).toContainEqual(
          expect.objectContaining({
            msg: 'the database is open',
            database,
            schema: migrations.length,
          }),
        )
        const bytes = expect.stringMatching(/^s3:\/\/bucket-\d+\/registry at 127\.0\.0\.1:\d+$/)
        expect(lines).toContainEqual(expect.objectContaining({ msg: 'listening', database, bytes }))
      })
    })
  },
)
