import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { useProgram } from '../cli/harness.ts'
import { clientOf } from '../promises/client.ts'
import { isFull } from '../services/test-service.ts'
import { type ReceiverServer, startReceiver } from './receivers/receiver-server.ts'
import {
  argoImageUpdater,
  fluxHmac,
  kargo,
  keelHarbor,
  keelRegistry,
} from './receivers/receivers.ts'

const token = 'a-token-of-sixteen-characters'
const kills = isFull ? 20 : 8
const repositories = ['team/app', 'team/db', 'web']

/** Receivers, with how each is told. */
const kinds = [
  ['flux', fluxHmac, { format: 'cloudevents', secret: { file: 'token' } }],
  ['keel', keelHarbor, { format: 'harbor' }],
  ['keel-registry', keelRegistry, { format: 'distribution' }],
  ['kargo', kargo, { format: 'harbor', headers: { Authorization: { file: 'token' } } }],
  ['argo', argoImageUpdater, { format: 'harbor', headers: { Authorization: { file: 'token' } } }],
] as const

const cli = useProgram()
const receivers: ReceiverServer[] = []
afterEach(() => {
  for (const receiver of receivers.splice(0)) receiver.close()
})

/** What a receiver was told, as `repository:tag`, each for the first time. */
function toldOf({ taken }: ReceiverServer): readonly string[] {
  const names = taken.map(({ body }) => {
    const { event_data: harbor, events, subject } = JSON.parse(body)
    if (harbor !== undefined) return harbor.resources[0].resource_url.replace('registry.test/', '')
    const target = events?.[0]?.target
    return target === undefined ? subject : `${target.repository}:${target.tag}`
  })
  return [...new Set<string>(names)]
}

test('each receiver is told of each push, in order, through kills of the server', async () => {
  const folder = cli.folder()
  const file = join(folder, 'webhooks.json')
  const endpoints: object[] = []
  for (const [index, [name, kind, more]] of kinds.entries()) {
    // Each fails now and then, at times of its own.
    const receiver = await startReceiver(kind, token, (request) => request % (7 + index) === 0)
    receivers.push(receiver)
    endpoints.push({ name, url: receiver.url, allowPrivate: true, ...more })
  }
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
