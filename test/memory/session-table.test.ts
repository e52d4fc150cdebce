import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { UploadSession } from '../../src/kit.ts'
import { SessionTable } from '../../src/memory/session-table.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { session, withBytes } from '../../src/testing/upload-contract/store-case.ts'
import { runs } from '../sample.ts'

/** The same rules, written down without a thought for what they cost. */
class Model {
  rows: Array<{
    session: UploadSession
    idleSince: number
    claim: { holder: string; until: number; wanted: boolean } | null
  }> = []
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  row(id: string) {
    return this.rows.find((row) => row.session.id === id)
  }

  holder(id: string) {
    const claim = this.row(id)?.claim ?? null
    return claim !== null && claim.until > this.#now() ? claim : null
  }

  isIdle(id: string, idleMs: number): boolean {
    const since = this.row(id)?.idleSince ?? 0
    return this.holder(id) === null && since + idleMs <= this.#now()
  }

  /** What may make way, oldest first. */
  spare(owner: string | null) {
    return this.rows
      .filter(({ session }) => session.owner === owner && session.offset === 0)
      .filter(({ session }) => this.holder(session.id) === null)
      .sort((a, b) => a.idleSince - b.idleSince)
      .map((row) => row.session)
  }

  /** Any of these may go to make room for a session of `owner`; null where none need to. */
  victims(owner: string | null, caps: { total: number; perOwner: number }): UploadSession[] | null {
    const own = this.rows.filter(({ session }) => session.owner === owner)
    if (own.length >= caps.perOwner) return this.spare(owner).slice(0, 1)
    if (this.rows.length < caps.total) return null
    const owners = [...new Set(this.rows.map((row) => row.session.owner))]
    const most = Math.max(...owners.map((each) => this.spare(each).length))
    return owners
      .map((each) => this.spare(each))
      .filter((spare) => spare.length === most)
      .flatMap(([oldest]) => oldest ?? [])
  }
}

const step = fc.record({
  what: fc.constantFrom('create', 'create', 'claim', 'renew', 'save', 'release', 'remove', 'wait'),
  which: fc.nat(12),
  owner: fc.constantFrom('a', 'b', null),
  holder: fc.constantFrom('one', 'two'),
  bytes: fc.nat(2),
  ms: fc.nat(40),
})

test('is the plain model, whatever is done', () => {
  const caps = { total: 6, perOwner: 4 }
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const clock = fakeClock()
      const table = new SessionTable(clock.now)
      const model = new Model(clock.now)
      const known: UploadSession[] = []
      for (const { what, which, owner, holder, bytes, ms } of steps) {
        // No two sessions are of the same age, so that the oldest is one.
        clock.advance(1)
        const { id } = known[which] ?? session()
        const row = model.row(id)
        const held = model.holder(id)
        if (what === 'wait') clock.advance(ms)
        if (what === 'create') {
          const made = session({ owner, ...(bytes === 0 ? {} : withBytes(bytes)) })
          const victims = model.victims(owner, caps)
          const { created, evicted } = table.create(made, caps)
          expect(created).toBe(victims === null || victims.length > 0)
          expect(evicted).toHaveLength(victims === null || victims.length === 0 ? 0 : 1)
          for (const gone of evicted) expect(victims).toContainEqual(gone)
          model.rows = model.rows.filter((each) => !evicted.includes(each.session))
          if (created) model.rows.push({ session: made, idleSince: clock.now(), claim: null })
          if (created) known.push(made)
        }
        if (what === 'claim') {
          const found = row === undefined || model.isIdle(id, 50) ? null : row
          const busy = held !== null && held.holder !== holder
          const answer = found === null ? null : busy ? 'busy' : found.session
          expect(table.claim(id, holder, ms, 50)).toEqual(answer)
          if (busy) held.wanted = true
          else if (found !== null) {
            found.claim = { holder, until: clock.now() + ms, wanted: held?.wanted ?? false }
          }
        }
        const own = row !== undefined && held?.holder === holder
        if (what === 'renew') {
          const answer = own ? (held.wanted ? 'wanted' : 'held') : 'lost'
          expect(table.renew(id, holder, ms)).toBe(answer)
          if (own) held.until = clock.now() + ms
        }
        if (what === 'save') {
          const later = { ...(row?.session ?? session({ id })), ...withBytes(bytes) }
          expect(table.save(later, holder)).toBe(own)
          if (own) Object.assign(row, { session: later, idleSince: clock.now(), claim: null })
        }
        if (what === 'release') {
          table.release(id, holder)
          if (row?.claim?.holder === holder) row.claim = null
        }
        if (what === 'remove') {
          expect(table.remove(id, holder)).toBe(own)
          if (own) model.rows = model.rows.filter((each) => each !== row)
        }
        const { rows } = model
        expect(table.size).toBe(rows.length)
        const bytesOf = (some: typeof rows) =>
          some.reduce((sum, each) => sum + each.session.offset, 0)
        for (const each of ['a', 'b', null]) {
          const ofOwner = rows.filter(({ session }) => session.owner === each)
          const expected = { total: bytesOf(rows), own: bytesOf(ofOwner) }
          expect(table.stagedBytes(each)).toEqual(expected)
        }
        expect(table.owners).toBe(new Set(rows.map(({ session }) => session.owner)).size)
        const idle = rows.filter((each) => model.isIdle(each.session.id, 30))
        idle.sort((a, b) => a.idleSince - b.idleSince)
        expect(table.expired(30, 3)).toEqual(idle.slice(0, 3).map((each) => each.session))
        expect(table.find(id, 20)).toEqual(
          row === undefined || model.row(id) === undefined || model.isIdle(id, 20)
            ? null
            : model.row(id)?.session,
        )
      }
    }),
    { numRuns: runs(300) },
  )
})

describe('with ten thousand sessions', () => {
  const count = 10_000
  const caps = { total: count, perOwner: count }

  /** A table whose looks at the clock are counted: each entry that is looked at costs one. */
  function full(fields: (index: number) => Partial<UploadSession>) {
    const clock = fakeClock()
    let looks = 0
    const table = new SessionTable(() => {
      looks += 1
      return clock.now()
    })
    const all: UploadSession[] = []
    for (let index = 0; index < count; index += 1) {
      clock.advance(1)
      const made = session(fields(index))
      table.create(made, caps)
      all.push(made)
    }
    const work = (action: () => void): number => {
      looks = 0
      action()
      return looks
    }
    return { table, clock, all, work }
  }

  test.each([
    ['of one owner', () => ({ owner: 'a' })],
    ['of an owner each', (index: number) => ({ owner: `${index}` })],
    ['that all have bytes', () => withBytes(1)],
  ])('%s, one more looks at few', (_, fields) => {
    const { table, work } = full(fields)
    expect(work(() => table.create(session({ owner: 'b' }), caps))).toBeLessThan(10)
  })

  test('that are all claimed, one more looks at few', () => {
    const { table, all, work } = full(() => ({ owner: 'a' }))
    for (const { id } of all) table.claim(id, 'holder', 1000, 1e12)
    expect(work(() => table.create(session({ owner: 'b' }), caps))).toBeLessThan(10)
    expect(table.create(session({ owner: 'a' }), caps).created).toBe(false)
  })

  test('nothing else looks at more than a few', () => {
    const { table, all, work } = full(() => ({ owner: 'a' }))
    const [{ id } = session()] = all
    for (const action of [
      () => table.find(id, 1e12),
      () => table.claim(id, 'me', 1000, 1e12),
      () => table.renew(id, 'me', 1000),
      () => table.save({ ...session({ id }), ...withBytes(3) }, 'me'),
      () => table.expired(5, 10),
      () => table.claim(id, 'me', 1000, 1e12),
      () => table.remove(id, 'me'),
    ]) {
      expect(work(action)).toBeLessThan(50)
    }
  })
})

test('a restored session is as idle as it was, and has its time of grace', () => {
  const clock = fakeClock()
  const table = new SessionTable(clock.now)
  const [old, young] = [session(), session()]
  table.restore(young, 0, 0)
  table.restore(old, 500, 100)
  expect([...table.all()].map(({ idleMs }) => idleMs)).toEqual([500, 0])
  expect(table.expired(400, 10)).toEqual([])
  expect(table.find(old.id, 400)).toEqual(old)
  clock.advance(100)
  expect(table.expired(400, 10)).toEqual([old])
  expect(table.find(old.id, 400)).toBeNull()
})

test('a pinned claim does not lapse', () => {
  const clock = fakeClock()
  const table = new SessionTable(clock.now)
  const made = session()
  table.restore(made, 0, 0)
  expect(table.pin(made.id, 'me')).toBe(false)
  table.claim(made.id, 'me', 10, 1e12)
  expect(table.pin(made.id, 'me')).toBe(true)
  clock.advance(1000)
  expect(table.claim(made.id, 'other', 10, 1e12)).toBe('busy')
  expect(table.expired(1, 10)).toEqual([])
  table.unpin(made.id, 'me')
  expect(table.claim(made.id, 'other', 10, 1e12)).toEqual(made)
})
