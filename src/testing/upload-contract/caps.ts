import { equals } from '../contract.ts'
import {
  claimed,
  found,
  opened,
  removed,
  saved,
  session,
  type UploadStoreCase,
  uploadCase,
  withBytes,
} from './store-case.ts'

const owners = ['constructor', '__proto__', '', null]

/** How many sessions there may be, and which make way. */
export const capCases: readonly UploadStoreCase[] = [
  uploadCase('no more sessions with bytes than the total', async (store) => {
    const caps = { total: 2, perOwner: 100 }
    const first = session({ owner: 'a', ...withBytes(1) })
    equals(await store.create(first, caps), true, 'the first')
    equals(await store.create(session({ owner: 'b', ...withBytes(1) }), caps), true, 'the second')
    const third = session({ owner: 'c' })
    equals(await store.create(third, caps), false, 'the third')
    equals(await found(store, third), null, 'finding the third')
    await removed(store, first)
    equals(await store.create(third, caps), true, 'the third, with room for it')
  }),

  uploadCase('no more sessions with bytes than one owner may have', async (store) => {
    const caps = { total: 100, perOwner: 1 }
    for (const owner of owners) {
      const first = session({ owner, principal: 'everyone' })
      equals(await store.create(first, caps), true, `the first of ${owner}`)
      await saved(store, first, withBytes(5))
      equals(await store.create(session({ owner }), caps), false, `more of ${owner}`)
      await removed(store, first)
      equals(await store.create(session({ owner }), caps), true, `again for ${owner}`)
    }
  }),

  uploadCase('at its cap an owner loses its oldest session without bytes', async (store, clock) => {
    const caps = { total: 100, perOwner: 3 }
    for (const owner of owners) {
      const other = await opened(store, { owner: 'another' })
      const kept = session({ owner, ...withBytes(5) })
      const [one, two, three] = [session({ owner }), session({ owner }), session({ owner })]
      for (const each of [kept, one, two, three]) {
        clock.advance(1)
        equals(await store.create(each, caps), true, `a session of ${owner}`)
      }
      equals(await found(store, one), null, 'the oldest without bytes')
      for (const each of [kept, two, three, other]) equals(await found(store, each), each, 'others')
    }
  }),

  uploadCase(
    'at the total the owner of most sessions without bytes loses its oldest',
    async (store, clock) => {
      const caps = { total: 6, perOwner: 100 }
      const make = async (owner: string, changes = {}) => {
        clock.advance(1)
        const made = session({ owner, ...changes })
        equals(await store.create(made, caps), true, `a session of ${owner}`)
        return made
      }
      const kept = [await make('b'), await make('a', withBytes(9))]
      const [first, second] = [await make('c'), await make('c')]
      kept.push(await make('c'), await make('c'))
      kept.push(await make('d'))
      equals(await found(store, first), null, 'the oldest of c')
      kept.push(await make('e'))
      equals(await found(store, second), null, 'the next of c')
      for (const each of kept) equals(await found(store, each), each, `a session of ${each.owner}`)
    },
  ),

  uploadCase('a flood of empty sessions ends its own', async (store, clock) => {
    const caps = { total: 20, perOwner: 100 }
    const others = [await opened(store, { owner: 'b' }), await opened(store, { owner: 'c' })]
    others.push(await opened(store, { owner: 'b', ...withBytes(1) }))
    for (let round = 0; round < 60; round += 1) {
      clock.advance(1)
      equals(await store.create(session({ owner: 'flood' }), caps), true, 'one of the flood')
    }
    for (const each of others) equals(await found(store, each), each, 'a session of another')
    equals(await store.create(session({ owner: 'd' }), caps), true, 'a new session of another')
  }),

  uploadCase('a session that a request holds does not make way', async (store, clock) => {
    const caps = { total: 100, perOwner: 1 }
    const held = session({ owner: 'a' })
    equals(await store.create(held, caps), true, 'the first')
    await claimed(store, held, 'holder', 1000)
    equals(await store.create(session({ owner: 'a' }), caps), false, 'while it is held')
    await store.release(held.id, 'holder')
    equals(await store.create(session({ owner: 'a' }), caps), true, 'once it is released')
    equals(await found(store, held), null, 'the session that made way')

    const lapsed = session({ owner: 'b' })
    equals(await store.create(lapsed, caps), true, 'the first of b')
    await claimed(store, lapsed, 'holder', 1000)
    clock.advance(1000)
    equals(await store.create(session({ owner: 'b' }), caps), true, 'once the claim lapsed')
    equals(await store.save(lapsed, 'holder'), false, 'saving the session that made way')
  }),

  uploadCase('a session whose bytes are committed does not make way', async (store) => {
    const caps = { total: 100, perOwner: 1 }
    const made = session({ owner: 'a' })
    equals(await store.create(made, caps), true, 'the first')
    const digest = `sha256:${'e3'.repeat(32)}` as NonNullable<typeof made.committed>['digest']
    await saved(store, made, { committed: { digest, size: 0, key: 'k' } })
    equals(await store.create(session({ owner: 'a' }), caps), false, 'the second')
  }),

  uploadCase('caps hold for sessions created at once', async (store) => {
    const caps = { total: 3, perOwner: 100 }
    const tries = Array.from({ length: 10 }, () => session(withBytes(1)))
    const answers = await Promise.all(tries.map((each) => store.create(each, caps)))
    equals(answers.filter((created) => created).length, 3, 'sessions created')
    equals((await store.stagedBytes(null)).total, 3, 'their bytes')
  }),
]
