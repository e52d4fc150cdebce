import { afterEach, beforeEach, expect, test } from 'vitest'
import type { PostgresStores } from '../../adapters/postgres/open-postgres.ts'
import type { SessionUser, UploadSession } from '../../src/kit.ts'
import { repositoryNamed } from '../../src/testing/samples.ts'
import { session, withBytes } from '../../src/testing/upload-contract/store-case.ts'
import { postgres } from '../services/postgres.ts'
import { withServices } from '../services/with-services.ts'
import { type DatabasePlace, databasePlace } from './places.ts'

/** Operations of a history: `TEST_OPERATIONS=20000 npx vitest run <this file>` for long. */
const operations = Number(process.env.TEST_OPERATIONS ?? 600)
const longIdle = 1e12
const elsewhere = repositoryNamed('elsewhere')

withServices('upload sessions of several nodes', { postgres }, (running) => {
  let time = 1_000_000
  let place: DatabasePlace
  let nodes: PostgresStores[]

  beforeEach(async () => {
    place = databasePlace(running.postgres, () => time)
    nodes = await Promise.all([place.open(), place.open(), place.open()])
  })
  afterEach(async () => {
    for (const node of nodes) await node.close()
  })

  const node = (index: number): PostgresStores => nodes[index % nodes.length] as PostgresStores

  /** What the tables say, counted one by one. */
  async function counted(): Promise<unknown> {
    const rows = await place.ask(`
      select owner, sum(sessions)::bigint as sessions, sum(bytes)::bigint as bytes from (
        select owner, sessions, bytes from upload_counts
        union all select owner, -1, -bytes from uploads
        union all select '', -1, -bytes from uploads
      ) as both_ways group by owner having sum(sessions) <> 0 or sum(bytes) <> 0`)
    return rows
  }

  test('are claimed by their user alone, and not touched by another', async () => {
    const names = [null, '', 'a', 'null', '"a"', 'é\u0000\ud800']
    for (const principal of names) {
      const made = session({ principal })
      const { repository } = made
      await node(0).uploads.create(made, { total: 10_000, perOwner: 10_000 })
      const claim = (holder: string, user?: SessionUser) =>
        node(1).uploads.claim(made.id, holder, 1000, longIdle, user)
      expect(await claim('mine', { repository, principal })).toMatchObject({ id: made.id })
      for (const other of names) {
        if (other === principal) continue
        expect(await claim('other', { repository, principal: other })).toBeNull()
      }
      expect(await claim('other', { repository: elsewhere, principal })).toBeNull()
      // Nobody who may have it has asked for it.
      expect(await node(1).uploads.renew(made.id, 'mine', 1000)).toBe('held')
      expect(await claim('program', { repository })).toBe('busy')
    }
  })

  test('of claims of every node at once exactly one holds, again and again', async () => {
    const made = session()
    await node(0).uploads.create(made, { total: 10_000, perOwner: 10_000 })
    for (let round = 0; round < 10; round += 1) {
      const holders = Array.from({ length: 12 }, (_, index) => `holder ${index} ${round}`)
      const answers = await Promise.all(
        holders.map((name, index) => node(index).uploads.claim(made.id, name, 1000, longIdle)),
      )
      const winners = holders.filter((_, index) => answers[index] !== 'busy')
      expect(winners).toHaveLength(1)
      const [winner = ''] = winners
      const saves = await Promise.all(
        holders.map((name, index) =>
          node(index).uploads.save({ ...made, ...withBytes(index + 1) }, name),
        ),
      )
      expect(holders.filter((_, index) => saves[index])).toEqual([winner])
      const [, number] = winner.split(' ')
      expect(await node(1).uploads.find(made.id, longIdle)).toMatchObject({
        offset: Number(number) + 1,
      })
      expect(await counted()).toEqual([])
    }
  })

  test.each([
    ['of all', { total: 20, perOwner: 1000 }],
    ['of an owner', { total: 100_000, perOwner: 20 }],
    ['of all, where most need no lock', { total: 100, perOwner: 1000 }],
  ])('nodes that create sessions at once keep to the cap %s', async (_, caps) => {
    const cap = Math.min(caps.total, caps.perOwner)
    const tries = Array.from({ length: cap + 30 }, () => session({ owner: 'a', ...withBytes(1) }))
    const answers = await Promise.all(
      tries.map((each, index) => node(index).uploads.create(each, caps)),
    )
    expect(answers.filter((created) => created)).toHaveLength(cap)
    expect(await node(0).uploads.stagedBytes('a')).toEqual({ total: cap, own: cap })
    expect(await counted()).toEqual([])
  })

  test('empty sessions of several owners make way on every node', async () => {
    const caps = { total: 30, perOwner: 12 }
    const owners = ['a', 'b', 'c', null]
    const kept = session({ owner: 'kept', ...withBytes(7) })
    await node(0).uploads.create(kept, caps)
    const answers = await Promise.all(
      Array.from({ length: 120 }, (_, index) =>
        node(index).uploads.create(session({ owner: owners[index % 4] ?? null }), caps),
      ),
    )
    expect(answers).not.toContain(false)
    expect(await node(0).uploads.find(kept.id, longIdle)).toEqual(kept)
    expect(await place.ask('select count(*) as sessions from uploads')).toEqual([{ sessions: 30 }])
    expect(await counted()).toEqual([])
  })

  test('counts stay exact, whatever nodes do at once', async () => {
    const caps = { total: 40, perOwner: 15 }
    const live: UploadSession[] = []
    const step = async (index: number): Promise<void> => {
      const { uploads } = node(index)
      const seen = live[Math.floor(Math.random() * live.length)]
      const kind = Math.floor(Math.random() * 6)
      if (kind < 2 || seen === undefined) {
        const bytes = Math.floor(Math.random() * 3)
        const made = session({ owner: `owner ${index % 3}`, ...withBytes(bytes) })
        if (await uploads.create(made, caps)) live.push(made)
        return
      }
      const holder = `holder ${index}`
      const held = await uploads.claim(seen.id, holder, 50, longIdle)
      if (held === null || held === 'busy') return
      time += 1
      if (kind === 2) await uploads.remove(seen.id, holder)
      else if (kind === 3) await uploads.release(seen.id, holder)
      else await uploads.save({ ...seen, ...withBytes(Math.floor(Math.random() * 100)) }, holder)
      if (index % 50 === 0) await uploads.expired(longIdle, 1)
    }
    let next = 0
    const run = async (): Promise<void> => {
      while (next < operations) {
        next += 1
        await step(next)
      }
    }
    await Promise.all(Array.from({ length: 12 }, run))
    expect(await counted()).toEqual([])
  })
})
