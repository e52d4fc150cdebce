import { describe, expect, test } from 'vitest'
import { openMetadata } from '../../src/metadata/store.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import { repositoryNamed } from '../../src/testing/samples.ts'
import { copyOf, emptyDisk, type LogHooks, MemoryLog } from './memory-log.ts'
import { blobOf, digests } from './samples.ts'

const here = repositoryNamed('a/b')
const [digest] = digests as [(typeof digests)[0]]
const all = { limit: 10, forMs: 1e9 }
const telling = (text: string) => ({ tell: () => [{ endpoints: ['east', 'west'], text }] })

async function open(hooks: LogHooks = {}, disk = emptyDisk()) {
  const store = await openMetadata({ log: new MemoryLog(disk, hooks), sealAfterMs: 1e9 })
  if (store.outbox === undefined) throw new Error('metadata over a log have an outbox')
  const { outbox } = store
  const send = (text: string) => store.linkBlob(here, blobOf(digest), 1, telling(text))
  return { store, outbox, send, disk }
}

describe('a message whose change is not durable', () => {
  test('is not given out, listed or announced before it is', async () => {
    const hooks: LogHooks = {}
    const { outbox, send } = await open(hooks)
    let write = (): void => {}
    const written = new Promise<void>((resolve) => {
      write = resolve
    })
    const seen: string[] = []
    hooks.append = () => {
      seen.push('writing')
      return written
    }
    outbox.onWaiting(() => seen.push('announced'))
    const sending = send('1').then(() => seen.push('sent'))
    await new Promise((resolve) => setTimeout(resolve, 0))
    const claiming = outbox.claim(['east'], all).then(({ entries }) => {
      seen.push(`claimed ${entries.length}`)
    })
    const listing = outbox
      .list({ limit: 9 })
      .then(({ items }) => seen.push(`listed ${items.length}`))
    const counting = outbox.counts().then(([counts]) => seen.push(`counted ${counts?.waiting}`))
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(seen).toEqual(['writing'])
    write()
    await Promise.all([sending, claiming, listing, counting])
    expect(seen.toSorted()).toEqual(
      ['announced', 'claimed 1', 'counted 1', 'listed 2', 'sent', 'writing'].toSorted(),
    )
  })

  test('is gone where that cannot be written, and what was to go stays', async () => {
    const hooks: LogHooks = {}
    const { outbox, send, disk } = await open(hooks)
    await send('1')
    const { entries } = await outbox.claim(['east'], all)
    hooks.append = () => {
      throw new RegistryError('storageFull')
    }
    const refused = [
      send('2'),
      outbox.delivered(entries),
      outbox.bury(entries[0] as (typeof entries)[0], 'down'),
      outbox.drop({}, 9),
      outbox.resend({}, 9),
    ]
    for (const result of await Promise.allSettled(refused)) {
      // What would change nothing is not written.
      if (result.status === 'fulfilled') expect(result.value).toBe(0)
      else expect(result.reason).toMatchObject({ kind: 'storageFull' })
    }
    delete hooks.append
    const texts = async (from: typeof outbox) =>
      (await from.list({ limit: 9 })).items.map(({ endpoint, text }) => `${endpoint} ${text}`)
    expect(await texts(outbox)).toEqual(['east 1', 'west 1'])
    await send('3')
    const reopened = await open({}, copyOf(disk))
    const left = ['east 1', 'west 1', 'east 3', 'west 3']
    expect(await texts(outbox)).toEqual(left)
    expect(await texts(reopened.outbox)).toEqual(left)
    // What could not be taken out is given out again.
    expect((await outbox.claim(['east'], all)).entries.map(({ text }) => text)).toEqual(['1'])
  })
})

test('many messages are trimmed in lots, and claims stay cheap behind them', async () => {
  const { store, outbox } = await open()
  const count = 3500
  const tell = () =>
    Array.from({ length: 500 }, (_, at) => ({ endpoints: ['east'], text: `${at}` }))
  for (let sent = 0; sent < count; sent += 500)
    await store.linkBlob(here, blobOf(digest), 1, { tell })
  const bounds = { waiting: 100, waitingBytes: 1e9, dead: 50, deadBytes: 1e9 }
  let rounds = 0
  for (let done = 1; done > 0; rounds += 1) {
    const { buried, dropped } = await outbox.trim(bounds)
    expect(buried).toBeLessThanOrEqual(1000)
    expect(dropped).toBeLessThanOrEqual(1000)
    done = buried + dropped
  }
  expect(rounds).toBeGreaterThan(3)
  const [counts] = await outbox.counts()
  expect(counts).toMatchObject({ waiting: 100, dead: 50, dropped: count - 150 })
})

test('a store that was closed takes no more', async () => {
  const { store, outbox, send } = await open()
  await send('1')
  const { entries } = await outbox.claim(['east'], all)
  await store.close()
  await expect(outbox.delivered(entries)).rejects.toMatchObject({ kind: 'unavailable' })
  await expect(outbox.resend({}, 1)).rejects.toMatchObject({ kind: 'unavailable' })
})
