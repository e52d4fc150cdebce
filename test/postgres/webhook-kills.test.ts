import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openPostgres } from '../../adapters/postgres/index.ts'
import { useProgram } from '../cli/harness.ts'
import type { RunningServer } from '../cli/program.ts'
import { clientOf } from '../promises/client.ts'
import { seaweedfs } from '../services/object-storage.ts'
import { postgresAlone } from '../services/postgres.ts'
import { isFull } from '../services/test-service.ts'
import { withServices } from '../services/with-services.ts'
import { startEveryReceiver, toldOf } from '../webhooks/receivers/every-receiver.ts'
import type { ReceiverServer } from '../webhooks/receivers/receiver-server.ts'
import { drivenBy } from './places.ts'
import { faultsIn } from './soundness.ts'

const token = 'a-token-of-sixteen-characters'
const kills = 20
const repositories = ['team/app', 'team/db', 'web']

withServices(
  'three servers that share a registry',
  { postgres: postgresAlone, seaweedfs },
  (running) => {
    const cli = useProgram()
    const receivers: ReceiverServer[] = []
    afterEach(() => {
      for (const receiver of receivers.splice(0)) receiver.close()
    })

    /** The flags of an empty registry. */
    async function place(database: string): Promise<readonly string[]> {
      const { endpoint, region, accessKeyId, secretAccessKey } = running.seaweedfs
      const keys = join(cli.folder(), 'keys')
      writeFileSync(
        keys,
        `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
      )
      const bucket = await running.seaweedfs.bucket()
      const url = `s3://${bucket}/${running.seaweedfs.prefix()}?endpoint=${endpoint}&region=${region}`
      return ['--database', database, '--bucket', url, '--bucket-credentials-file', keys]
    }

    // What a server was delivering when it was killed waits for the end of its claim, so this takes its time.
    const title = `tell each receiver of each push, in order, through ${kills} kills and two restarts of the database`
    test.runIf(isFull)(title, async () => {
      const { servers, endpoints } = await startEveryReceiver(token)
      receivers.push(...servers)
      const folder = cli.folder()
      const file = join(folder, 'webhooks.json')
      const told = endpoints.map((endpoint) => ({ ...endpoint, timeout: '1s' }))
      const document = { registry: 'registry.test', endpoints: told }
      writeFileSync(file, JSON.stringify(document), { mode: 0o600 })
      writeFileSync(join(folder, 'token'), token, { mode: 0o600 })
      const database = await running.postgres.database()
      const words = [...(await place(database)), '--webhooks', file]
      const nodes: RunningServer[] = []
      for (let node = 0; node < 3; node += 1) nodes.push(await cli.serve(...words))

      const pushed: string[] = []
      let count = 0
      let isOver = false
      /** Pushes one image after the other, through any node; what was acknowledged is noted. */
      async function pushOn(): Promise<void> {
        while (!isOver) {
          count += 1
          const name = `${repositories[count % repositories.length]}`
          const tag = String(count).padStart(5, '0')
          const url = nodes[count % nodes.length]?.url ?? ''
          const push = clientOf(url).pushImage(name, tag, { annotations: { tag } })
          await push.then(
            () => pushed.push(`${name}:${tag}`),
            () => {},
          )
        }
      }

      const pushing = pushOn()
      for (let kill = 0; kill < kills; kill += 1) {
        const before = pushed.length
        // Not at a time but in the middle of pushes: after the third, the fourth and so on.
        await expect
          .poll(() => pushed.length, { interval: 1 })
          .toBeGreaterThan(before + 2 + (kill % 5))
        const node = nodes[kill % nodes.length]
        node?.child.kill('SIGKILL')
        await node?.ended
        if (kill % 10 === 5) {
          await running.postgres.halt('SIGQUIT')
          await running.postgres.resume()
        }
        nodes[kill % nodes.length] = await cli.serve(...words)
      }
      isOver = true
      await pushing
      expect(pushed.length).toBeGreaterThan(kills * 2)

      const stores = await openPostgres({ url: database })
      const left = async (): Promise<number | undefined> => {
        const counts = (await stores.metadata.outbox?.counts()) ?? []
        return counts.reduce((sum, { waiting, dead }) => sum + waiting + dead, 0)
      }
      await expect.poll(left, { timeout: 200_000, interval: 2000 }).toBe(0)
      await stores.close()
      for (const receiver of receivers) {
        const names = toldOf(receiver)
        expect(names).toEqual(expect.arrayContaining(pushed))
        for (const repository of repositories) {
          // A push whose answer was cut off may have been carried out: it comes in its place, or not at all.
          const tags = names.filter((name) => name.startsWith(`${repository}:`))
          expect(tags).toEqual([...tags].sort())
        }
      }
      const driver = drivenBy(database, Date.now)
      expect(await faultsIn(driver.query)).toEqual([])
      await driver.close()
    })
  },
)
