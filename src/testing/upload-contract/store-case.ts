import { newUploadId, type SessionCaps, type UploadSession, type UploadStore } from '../../kit.ts'
import { type ContractCase, equals, type Need, type StorePlace } from '../contract.ts'
import { type FakeClock, fakeClock } from '../fake-clock.ts'
import { repositoryNamed } from '../samples.ts'

/** Where the sessions of one upload store are. */
export type UploadStorePlace = StorePlace<UploadStore>

/** Makes a fresh, empty place, whose stores take the time, in milliseconds, from `clock`. */
export type UploadStoreMaker = (clock: () => number) => UploadStorePlace | Promise<UploadStorePlace>

/** A case of the upload store's contract. */
export type UploadStoreCase = ContractCase<UploadStoreMaker>

/** Caps that no case reaches. */
export const ample: SessionCaps = { total: 100, perOwner: 100 }

/** Longer than any case lasts, in milliseconds. */
export const longIdle = 1e12

/** A session that no store has. */
export function session(changes: Partial<UploadSession> = {}): UploadSession {
  return {
    id: newUploadId(),
    repository: repositoryNamed('library/alpine'),
    principal: null,
    owner: null,
    offset: 0,
    algorithm: 'sha256',
    hexSoFar: null,
    hashState: null,
    stage: null,
    committed: null,
    startedAt: 1000,
    ...changes,
  }
}

/** The fields of a session with `size` bytes acknowledged. */
export function withBytes(size: number): Pick<UploadSession, 'offset' | 'stage'> {
  return { offset: size, stage: { size } }
}

/** A case that needs one store, and time. */
export function uploadCase(
  name: string,
  body: (store: UploadStore, clock: FakeClock) => Promise<void>,
): UploadStoreCase {
  return placeCase(name, [], async ({ open }, clock) => body(await open(), clock))
}

/** An {@link UploadStorePlace} as a case sees it: what it opened is closed at its end. */
export interface UploadPlaceInUse {
  readonly open: () => Promise<UploadStore>
  /** Closes what is open, and opens the store again. */
  readonly reopen: () => Promise<UploadStore>
  readonly failOnce: (skip?: number) => () => boolean
}

/** A case that opens the store itself. */
export function placeCase(
  name: string,
  needs: readonly Need[],
  body: (place: UploadPlaceInUse, clock: FakeClock) => Promise<void>,
): UploadStoreCase {
  return {
    name,
    needs,
    async run(make) {
      const clock = fakeClock()
      const place = await make(clock.now)
      const opened: UploadStore[] = []
      const open = async (): Promise<UploadStore> => {
        const store = await place.open()
        opened.push(store)
        return store
      }
      const closeAll = async (): Promise<void> => {
        for (const store of opened.splice(0)) await store.close()
      }
      try {
        const reopen = async (): Promise<UploadStore> => {
          await closeAll()
          return await open()
        }
        const failOnce = (skip?: number) => place.failOnce?.(skip) ?? (() => false)
        await body({ open, reopen, failOnce }, clock)
      } finally {
        await closeAll()
      }
    },
  }
}

/** Creates a session with room for it. */
export async function opened(
  store: UploadStore,
  changes?: Partial<UploadSession>,
): Promise<UploadSession> {
  const made = session(changes)
  equals(await store.create(made, ample), true, 'creating a session')
  return made
}

/** Finds a session, however long it was idle. */
export function found(store: UploadStore, { id }: UploadSession): Promise<UploadSession | null> {
  return store.find(id, longIdle)
}

/** Claims a session, however long it was idle. */
export function claimed(
  store: UploadStore,
  { id }: UploadSession,
  holder: string,
  ttlMs = 1000,
): Promise<UploadSession | 'busy' | null> {
  return store.claim(id, holder, ttlMs, longIdle)
}

/** Saves a session under a claim that is made for it. */
export async function saved(
  store: UploadStore,
  session: UploadSession,
  changes: Partial<UploadSession>,
): Promise<UploadSession> {
  const next = { ...session, ...changes }
  await claimed(store, session, 'saver')
  equals(await store.save(next, 'saver'), true, 'saving a session')
  return next
}

/** Removes a session under a claim that is made for it. */
export async function removed(store: UploadStore, session: UploadSession): Promise<boolean> {
  await claimed(store, session, 'remover')
  return await store.remove(session.id, 'remover')
}
