import { afterAll, describe, expect, test } from 'vitest'
import { RegistryError } from '../../src/index.ts'
import type { UploadSession, UploadStore } from '../../src/kit.ts'
import { memoryUploads } from '../../src/memory/upload-store.ts'
import { type UploadStoreMaker, uploadStoreContract } from '../../src/testing/index.ts'
import { brokenCases, but } from './breaking.ts'

type Twin = (store: UploadStore) => UploadStore

/** A store in memory that stands for one that outlives `close` and can be unavailable. */
function place(breaking: Twin, fresh = false): UploadStoreMaker {
  return (clock) => {
    const store = memoryUploads({ clock })
    let outage = false
    const reach = (inner: UploadStore): UploadStore =>
      new Proxy(inner, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key)
          if (typeof value !== 'function' || key === 'close') return value
          return (...given: unknown[]) => {
            const fails = outage
            outage = false
            if (fails) return Promise.reject(new RegistryError('unavailable'))
            return value.apply(target, given) as unknown
          }
        },
      })
    return {
      open: () => breaking(reach(fresh ? memoryUploads({ clock }) : store)),
      failOnce() {
        outage = true
        return () => {
          const struck = !outage
          outage = false
          return struck
        }
      },
    }
  }
}

/** Changes what is saved or created. */
function keeping(change: (session: UploadSession) => UploadSession): Twin {
  return (store) =>
    but(store, (inner) => ({
      create: (session, caps) => inner.create(change(session), caps),
      save: (session, holder) => inner.save(change(session), holder),
    }))
}

/** Makes room with a session of the store's choice. */
function evicting(choose: (all: readonly UploadSession[]) => UploadSession | undefined): Twin {
  return (store) => {
    const all: UploadSession[] = []
    return but(store, (inner) => ({
      async create(session, caps) {
        const own = all.filter(({ owner }) => owner === session.owner)
        const full = own.length >= caps.perOwner ? own : all.length >= caps.total ? all : []
        const victim = choose(full)
        if (victim !== undefined) {
          all.splice(all.indexOf(victim), 1)
          await inner.claim(victim.id, 'evictor', 1000, 1e12)
          await inner.remove(victim.id, 'evictor')
        }
        const created = await inner.create(session, caps)
        if (created) all.push(session)
        return created
      },
    }))
  }
}

const broken: Record<string, Twin> = {
  'forgets the state of the hash': keeping((session) => ({ ...session, hashState: null })),
  'forgets fields of a stage': keeping((session) => ({
    ...session,
    stage: session.stage && { size: session.stage.size },
  })),
  'forgets what was committed': keeping((session) => ({ ...session, committed: null })),
  'knows what was never created': (store) =>
    but(store, (inner) => ({
      renew: (id, holder) => inner.renew(id, holder, 1).then(() => 'held'),
    })),
  'creates twice': (store) =>
    but(store, (inner) => ({
      async create(session, caps) {
        await inner.claim(session.id, 'creator', 1000, 1e12)
        await inner.remove(session.id, 'creator')
        return inner.create(session, caps)
      },
    })),
  'has no total': (store) =>
    but(store, (inner) => ({ create: (it, caps) => inner.create(it, { ...caps, total: 1e9 }) })),
  'has no share for each owner': (store) =>
    but(store, (inner) => ({ create: (it, caps) => inner.create(it, { ...caps, perOwner: 1e9 }) })),
  'counts by principal': keeping((session) => ({ ...session, owner: session.principal })),
  'evicts the newest': evicting((all) => all.findLast(({ offset }) => offset === 0)),
  'evicts what has bytes': evicting((all) => all[0]),
  'evicts the oldest of all': evicting((all) => all.find(({ offset }) => offset === 0)),
  'counts no bytes': (store) =>
    but(store, () => ({ stagedBytes: async () => ({ total: 0, own: 0 }) })),
  'counts no bytes of an owner': (store) =>
    but(store, (inner) => ({
      stagedBytes: async (owner) => ({ ...(await inner.stagedBytes(owner)), own: 0 }),
    })),
  'counts the bytes of all for each owner': (store) =>
    but(store, (inner) => ({
      async stagedBytes(owner) {
        const { total } = await inner.stagedBytes(owner)
        return { total, own: total }
      },
    })),
  'lets everybody claim': (store) =>
    but(store, (inner) => ({ claim: (id, _, ttl, idle) => inner.claim(id, 'all', ttl, idle) })),
  'lets a holder claim one session': (store) => {
    const holders = new Set<string>()
    return but(store, (inner) => ({
      async claim(id, holder, ttlMs, idleMs) {
        const claimed = await inner.claim(id, holder, ttlMs, idleMs)
        if (holders.size > 0 && !holders.has(holder)) return 'busy'
        holders.add(holder)
        return claimed
      },
    }))
  },
  'never lets a claim lapse': (store) =>
    but(store, (inner) => ({
      claim: (id, holder, _, idleMs) => inner.claim(id, holder, 1e15, idleMs),
    })),
  'does not renew': (store) =>
    but(store, (inner) => ({ renew: (id, holder) => inner.renew(id, holder, 1) })),
  'never says that a session is wanted': (store) =>
    but(store, (inner) => ({
      renew: async (...given) => ((await inner.renew(...given)) === 'lost' ? 'lost' : 'held'),
    })),
  'takes a look for a wish': (store) =>
    but(store, (inner) => ({
      async find(id, idleMs) {
        const found = await inner.find(id, idleMs)
        await inner.claim(id, 'looker', 0, idleMs)
        return found
      },
    })),
  'saves without a claim': (store) =>
    but(store, (inner) => ({
      async save(session, holder) {
        await inner.claim(session.id, holder, 1000, 1e12)
        return inner.save(session, holder)
      },
    })),
  'removes without a claim': (store) =>
    but(store, (inner) => ({
      async remove(id, holder) {
        await inner.claim(id, holder, 1000, 1e12)
        return inner.remove(id, holder)
      },
    })),
  'keeps the claim after a save': (store) =>
    but(store, (inner) => ({
      async save(session, holder) {
        const saved = await inner.save(session, holder)
        if (saved) await inner.claim(session.id, holder, 1000, 1e12)
        return saved
      },
    })),
  'never releases': (store) => but(store, () => ({ release: async () => {} })),
  'removes nothing': (store) => but(store, () => ({ remove: async () => true })),
  'expires the newest first': (store) =>
    but(store, (inner) => ({
      expired: async (idleMs, limit) => [...(await inner.expired(idleMs, limit))].reverse(),
    })),
  'expires too much': (store) =>
    but(store, (inner) => ({ expired: (idleMs) => inner.expired(idleMs, 1000) })),
  'expires too early': (store) =>
    but(store, (inner) => ({ expired: (idleMs, limit) => inner.expired(idleMs - 1, limit) })),
  'finds idle sessions': (store) => but(store, (inner) => ({ find: (id) => inner.find(id, 1e12) })),
  'takes a claim for a change': (store) =>
    but(store, (inner) => ({
      async release(id, holder) {
        const session = await inner.find(id, 1e12)
        if (session !== null) await inner.save(session, holder)
      },
    })),
  'closes only once': (store) => {
    let closed = false
    return but(store, () => ({
      async close() {
        if (closed) throw new Error('closed before')
        closed = true
      },
    }))
  },
  'takes an outage for a lost claim': (store) =>
    but(store, (inner) => ({ save: (...given) => inner.save(...given).catch(() => false) })),
  'is idle from the start': (store) =>
    but(store, (inner) => ({ expired: () => inner.expired(0, 9) })),
}

/** Every case that some twin failed. */
const failed = new Set<string>()

describe('the contract notices an upload store that', () => {
  test.each(Object.entries(broken))('%s', async (_, breaking) => {
    const names = await brokenCases(uploadStoreContract, place(breaking))
    expect(names).not.toEqual([])
    for (const name of names) failed.add(name)
  })

  test('has sessions of its own in each instance', async () => {
    const names = await brokenCases(
      uploadStoreContract,
      place((store) => store, true),
    )
    expect(names).not.toEqual([])
    for (const name of names) failed.add(name)
  })

  afterAll(() => {
    const never = uploadStoreContract.filter(({ name }) => !failed.has(name))
    expect(never.map(({ name }) => name)).toEqual([])
  })
})

test('what is wrapped and not broken fulfils the contract', async () => {
  const wrapped = place((store) => but(store, () => ({})))
  expect(await brokenCases(uploadStoreContract, wrapped)).toEqual([])
})
