import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import postgresClient from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digestOf } from '../cli/harness.ts'
import { entries, type Program, programFor, start } from '../cli/program.ts'
import { clientOf, type Described, imageOf } from '../promises/client.ts'
import { seaweedfs } from '../services/object-storage.ts'
import { postgresAlone } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { type ClusterNode, startCluster } from './cluster.ts'

let program: Program
beforeAll(async () => {
  program = await programFor('node')
})
afterAll(() => program.remove())

const repository = 'team/app'
const manifestType = 'application/vnd.oci.image.manifest.v1+json'

withServices(
  'retention on several nodes',
  { postgres: postgresAlone, storage: seaweedfs },
  (running) => {
    test('goes on where the node that has the turn is killed, and loses nothing that the policy keeps', async () => {
      const cluster = await startCluster({ nodes: 1, program, stores: running })
      const sql = postgresClient(cluster.database, { max: 2 })
      try {
        const { url } = cluster
        const { send, pushBlob } = clientOf(url)
        const push = async (name: string, tags: readonly string[], layer: Described) => {
          const manifest = { ...imageOf(await pushBlob(name, '{}')), layers: [layer] }
          const body = JSON.stringify(manifest)
          const query = tags.map((tag) => `tag=${tag}`).join('&')
          const path = `/v2/${name}/manifests/${digestOf(Buffer.from(body))}?${query}`
          const headers = { 'Content-Type': manifestType }
          expect((await send('PUT', path, { headers, body })).status).toBe(201)
        }
        for (let at = 0; at < 12; at += 1) {
          const ci = [1, 2, 3, 4].map((build) => `ci-${at}-${build}`)
          const layer = await pushBlob(repository, `layer ${at}`.repeat(1_000))
          // Half of the images stay, and lose their tags of builds one by one.
          await push(repository, at % 2 === 0 ? [`keep-${at}`, ...ci] : ci, layer)
        }
        const dayMs = 24 * 60 * 60 * 1000
        await sql`update tags set updated_at = updated_at - ${2 * dayMs}`
        await sql`update manifests set pushed_at = pushed_at - ${2 * dayMs}`
        const kept = [0, 2, 4, 6, 8, 10].map((at) => `keep-${at}`).sort()

        // The run stops at this tag, with its turn taken and half of its work done.
        const held = await sql.reserve()
        await held`begin`
        await held`select from tags where name = 'ci-4-2' for update`
        const first = await addNode('first')
        const isHeldUp = async () =>
          (await sql`select from pg_stat_activity where wait_event_type = 'Lock'`).length > 0
        await expect.poll(isHeldUp).toBe(true)
        const second = await addNode('second')
        const { holder } = await turn()
        expect(holder).toEqual(expect.any(String))
        await first.end('SIGKILL')
        await held`rollback`
        held.release()
        // Only a minute later is it free. What came meanwhile is new.
        await push(repository, ['ci-new'], await pushBlob(repository, 'new'))
        expect((await turn()).holder).toBe(holder)
        expect((await tags()).length).toBeGreaterThan(kept.length + 1)
        await setTurn({ ...(await turn()), heldUntil: 0 })
        await expect.poll(tags).toEqual(['ci-new', ...kept])

        await expect.poll(() => saysOf(second)).toMatchObject([{ tags: expect.any(Number) }])
        expect((await turn()).holder).not.toBe(holder)
        expect(await second.end('SIGTERM')).toBe(0)
        const gc = await start({ ...program, environment: cluster.environment }, 'gc', '--json')
          .ended
        expect([gc.code, gc.err]).toEqual([0, ''])
        for (const tag of ['ci-new', ...kept]) {
          const manifest = await (await send('GET', `/v2/${repository}/manifests/${tag}`)).json()
          for (const { digest } of [manifest.config, ...manifest.layers] as Described[]) {
            const answer = await send('GET', `/v2/${repository}/blobs/${digest}`)
            expect(digestOf(Buffer.from(await answer.arrayBuffer()))).toBe(digest)
          }
        }

        async function tags(): Promise<readonly string[]> {
          const answer = await send('GET', `/v2/${repository}/tags/list`)
          return (await answer.json()).tags
        }
      } finally {
        await sql.end()
        await cluster.stop()
      }

      function addNode(name: string): Promise<ClusterNode> {
        const policy = join(program.folder(), `${name}.json`)
        const rules = [
          { repositories: '**', tags: 'ci-*', delete: { olderThan: '1d' } },
          { repositories: '**', untagged: true, delete: { olderThan: '1d' } },
        ]
        writeFileSync(policy, JSON.stringify({ rules }), { mode: 0o600 })
        return cluster.addNode('--retention', policy, '--retention-every', '100ms')
      }

      async function turn(): Promise<Record<string, unknown>> {
        const [row] = await sql`select value from secrets where name = 'text turn: retention'`
        return JSON.parse(Buffer.from(row?.value).toString())
      }

      async function setTurn(document: Record<string, unknown>): Promise<void> {
        const value = Buffer.from(JSON.stringify(document))
        await sql`update secrets set value = ${value} where name = 'text turn: retention'`
      }

      function saysOf(node: ClusterNode): readonly unknown[] {
        return entries(node.log()).filter(({ msg }) => String(msg).startsWith('retention deleted'))
      }
    })
  },
)
