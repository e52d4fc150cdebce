import { expect, test } from 'vitest'
import type { Entries } from '../../adapters/cli/log.ts'
import { scheduleVerifying } from '../../adapters/cli/verify/schedule-verifying.ts'
import type { KeyStore } from '../../src/access/index.ts'
import { memoryStores } from '../../src/kit.ts'
import { repositoryNamed } from '../../src/testing/index.ts'
import { bytesOf, digestOfContent, pushBlob, run } from '../copy/content.ts'

const here = repositoryNamed('here')

/** A note that says who wrote last. */
function noteInMemory(): KeyStore {
  let text: string | null = null
  return {
    read: async () => text,
    async replace(before, after) {
      if (text !== before) return false
      text = after
      return true
    },
  }
}

test('a server tells of each problem and of each pass, and the next pass is due later', async () => {
  const stores = memoryStores()
  await run(stores, [pushBlob(here, 3), pushBlob(here, 4)])
  const digest = digestOfContent(bytesOf(3))
  const ref = await stores.metadata.findBlob(here, digest)
  if (ref === null) throw new Error('it is there')
  await stores.blobs.delete(ref)
  const lines: Array<readonly [level: string, fields: unknown, text: string]> = []
  let ended: () => void = () => {}
  const pass = new Promise<void>((resolve) => {
    ended = resolve
  })
  const say =
    (level: string) =>
    (fields: unknown, text = ''): void => {
      lines.push([level, fields, text])
      if (text.startsWith('verified everything')) ended()
    }
  const nothing = (): void => {}
  const log: Entries = {
    debug: nothing,
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    fatal: say('fatal'),
    isLevelEnabled: () => true,
  }
  const notes = new Map([['verify-schedule', noteInMemory()]])
  const note = (name: string): KeyStore => notes.get(name) ?? noteInMemory()
  const told = { log, onNotice: nothing }
  const settings = { verifyEvery: 86_400_000, verifyRate: null }
  // The clock is so far ahead that a pass is late from the start.
  let now = Date.now()
  const clock = (): number => {
    now += 86_400_000 / 4
    return now
  }
  const end = scheduleVerifying(settings, { stores: { ...stores, clock }, note }, told, 1)
  await pass
  await end()
  expect(lines.map(([level, , text]) => [level, text.split(':')[0]])).toEqual([
    ['warn', `missing blob here@sha256`],
    ['warn', 'verified everything'],
  ])
  expect(lines[0]?.[1]).toMatchObject({ digest, repositories: [here], marked: true })
  expect(lines[1]?.[1]).toMatchObject({ digests: 2, problems: 1, repaired: 0 })
  const schedule = JSON.parse((await note('verify-schedule').read()) ?? '')
  expect(schedule).toMatchObject({ state: null, last: { report: { problems: 1 } } })
})
