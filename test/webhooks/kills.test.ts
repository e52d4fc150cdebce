import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { useProgram } from '../cli/harness.ts'
import { everyRuntime } from '../cli/program.ts'
import { clientOf } from '../promises/client.ts'
import { isFull } from '../services/test-service.ts'
import { startEveryReceiver, toldOf } from './receivers/every-receiver.ts'
import type { ReceiverServer } from './receivers/receiver-server.ts'

const token = 'a-token-of-sixteen-characters'
const kills = isFull ? 20 : 8
const repositories = ['team/app', 'team/db', 'web']

const receivers: ReceiverServer[] = []
afterEach(() => {
  for (const receiver of receivers.splice(0)) receiver.close()
})

describe.each(isFull ? everyRuntime : (['node'] as const))('on %s', (runtime) => {
  const cli = useProgram(runtime)

  test('each receiver is told of each push, in order, through kills of the server', async () => {
    const folder = cli.folder()
    const file = join(folder, 'webhooks.json')
    const { servers, endpoints } = await startEveryReceiver(token)
    receivers.push(...servers)
    writeFileSync(file, JSON.stringify({ registry: 'registry.test', endpoints }), { mode: 0o600 })
    writeFileSync(join(folder, 'token'), token, { mode: 0o600 })
    const words = ['--storage-dir', join(folder, 'data'), '--webhooks', file]

    const pushed: string[] = []
    let count = 0
    /** Pushes one image after the other until the server is gone; what was acknowledged is noted. */
    async function pushUntilGone(url: string, most: number): Promise<void> {
      const client = clientOf(url)
      for (let left = most; left > 0; left -= 1) {
        count += 1
        const name = `${repositories[count % repositories.length]}`
        const tag = String(count).padStart(5, '0')
        try {
          await client.pushImage(name, tag, { annotations: { tag } })
        } catch {
          return
        }
        pushed.push(`${name}:${tag}`)
      }
    }

    for (let kill = 0; kill < kills; kill += 1) {
      const server = await cli.serve(...words)
      const before = pushed.length
      const pushing = pushUntilGone(server.url, 1000)
      // Not at a time but in the middle of pushes: after the first, the second and so on.
      await expect.poll(() => pushed.length, { interval: 1 }).toBeGreaterThan(before + (kill % 5))
      server.child.kill('SIGKILL')
      await server.ended
      await pushing
    }
    const server = await cli.serve(...words)
    await pushUntilGone(server.url, 6)
    for (const receiver of receivers) {
      await expect.poll(() => toldOf(receiver)).toEqual(expect.arrayContaining(pushed))
    }
    expect(pushed.length).toBeGreaterThan(kills * 2)
    for (const receiver of receivers) {
      const told = toldOf(receiver)
      for (const repository of repositories) {
        // A push whose answer was cut off may have been carried out: it comes in its place, or not at all.
        const tags = told.filter((name) => name.startsWith(`${repository}:`))
        expect(tags).toEqual([...tags].sort())
      }
    }
  })
})
