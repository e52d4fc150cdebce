import { describe, expect, test } from 'vitest'
import {
  callContext,
  type Digest,
  derivedCall,
  type Notice,
  RegistryError,
  repositoryName,
  tagName,
} from '../../src/index.ts'
import { memoryStores, type PullNote } from '../../src/kit.ts'
import { createRegistry } from '../../src/registry.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { but } from '../contracts/breaking.ts'
import { clientOf } from '../http/client.ts'

const hourMs = 3_600_000
const app = repositoryName('team/app')

/** A registry with an image, and what its store is asked to note. */
async function registryWithImage() {
  const clock = fakeClock(500_000 * hourMs + 5)
  const stores = memoryStores({ clock: clock.now })
  const noted: (readonly PullNote[])[] = []
  const notices: Notice[] = []
  let failure: Error | null = null
  const metadata = but(stores.metadata, (inner) => ({
    async notePulls(pulls) {
      if (failure !== null) throw failure
      noted.push(pulls)
      await inner.notePulls?.(pulls)
    },
  }))
  const registry = createRegistry({
    stores: { ...stores, metadata },
    clock: clock.now,
    onNotice: (notice) => notices.push(notice),
  })
  const client = clientOf(registry)
  const { digest } = await client.pushImage(app, 'v1')
  const pulledAt = async (): Promise<number | undefined> =>
    (await metadata.resolveTag(app, tagName('v1')))?.pulledAt
  const fail = (error: Error | null): void => {
    failure = error
  }
  return { registry, client, digest, noted, notices, clock, pulledAt, fail, metadata }
}

const manifest = '/v2/team/app/manifests/v1'

describe('the times of pulls', () => {
  test.each(['GET', 'HEAD'])('are noted of a %s, by the hour', async (method) => {
    const { registry, client, pulledAt } = await registryWithImage()
    expect((await client.send(method, manifest)).status).toBe(200)
    expect(await pulledAt()).toBeUndefined()
    await registry.flushPulls()
    expect(await pulledAt()).toBe(500_000 * hourMs)
  })

  test('are noted once an hour, in one change with those of others', async () => {
    const { registry, client, noted, clock, digest } = await registryWithImage()
    const other = await client.pushImage(app, 'v2', { annotations: { a: 'b' } })
    await registry.flushPulls()
    for (const tag of ['v1', 'v1', 'v2', 'v1']) {
      await client.send('GET', `/v2/team/app/manifests/${tag}`)
    }
    await registry.flushPulls()
    await client.send('GET', manifest)
    await registry.flushPulls()
    clock.advance(hourMs)
    await client.send('GET', `/v2/team/app/manifests/${digest}`)
    await registry.flushPulls()
    const digests = noted.map((pulls) => pulls.map((one) => one.digest))
    expect(digests).toEqual([[], [digest, other.digest], [digest]])
  })

  test.each(['a client', 'maintenance'])(
    'are noted again of a manifest that %s deleted and that came back',
    async (who) => {
      const { registry, client, pulledAt, ...image } = await registryWithImage()
      const digest = image.digest as Digest
      await client.send('GET', manifest)
      await registry.flushPulls()
      if (who === 'a client') await client.send('DELETE', `/v2/team/app/manifests/${digest}`)
      else await registry.deletes.deleteManifest(callContext(), app, digest, { isImmutable: null })
      await client.pushImage(app, 'v1')
      expect(await pulledAt()).toBeUndefined()
      await client.send('GET', manifest)
      await registry.flushPulls()
      expect(await pulledAt()).toBe(500_000 * hourMs)
    },
  )

  test('are noted with the first pull after a minute, where no program asks for it', async () => {
    const { client, noted, clock } = await registryWithImage()
    await client.send('GET', manifest)
    expect(noted).toEqual([])
    clock.advance(61_000)
    await client.pushImage(app, 'v2', { annotations: { a: 'b' } })
    await client.send('GET', '/v2/team/app/manifests/v2')
    expect(noted.map((pulls) => pulls.length)).toEqual([2])
  })

  test('are noted at the end, and nothing is written where there was none', async () => {
    const { registry, client, noted, pulledAt } = await registryWithImage()
    await registry.close()
    expect(noted).toEqual([])
    await client.send('GET', manifest)
    await registry.close()
    expect(await pulledAt()).toBe(500_000 * hourMs)
  })

  test('are not those of the program itself, nor of one who only looks, nor of what is not there', async () => {
    const { registry, client, noted } = await registryWithImage()
    const reference = { kind: 'tag', tag: tagName('v1') } as const
    expect(await registry.service.getManifest(callContext(), app, reference)).not.toBeNull()
    await client.send('GET', '/v2/team/app/manifests/v9')
    await registry.flushPulls()
    expect(noted).toEqual([[]])
    const looking = callContext({ isProgram: false, inspects: true })
    await registry.service.getManifest(looking, app, reference)
    await registry.service.statManifest(derivedCall(looking, {}), app, reference)
    await registry.flushPulls()
    expect(noted).toEqual([[]])
    await registry.service.getManifest(callContext({ isProgram: false }), app, reference)
    await registry.flushPulls()
    expect(noted.at(-1)).toHaveLength(1)
  })

  test('are made up for after a failure, which is one notice', async () => {
    const { registry, client, notices, pulledAt, fail } = await registryWithImage()
    await client.send('GET', manifest)
    fail(new RegistryError('storageFull'))
    await registry.flushPulls()
    await registry.flushPulls()
    expect(notices).toEqual([expect.objectContaining({ kind: 'background-failure' })])
    fail(null)
    await registry.flushPulls()
    expect(await pulledAt()).toBe(500_000 * hourMs)
  })

  test('say since when they are noted', async () => {
    const { registry, metadata, clock } = await registryWithImage()
    expect(await metadata.pullsSince?.()).toBeNull()
    await registry.flushPulls()
    clock.advance(5)
    await registry.flushPulls()
    expect(await metadata.pullsSince?.()).toBe(500_000 * hourMs + 5)
  })
})
