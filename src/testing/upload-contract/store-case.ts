import { newUploadId, type SessionCaps, type UploadSession, type UploadStore } from '../../kit.ts'
import { type ContractCase, equals } from '../contract.ts'
import { type FakeClock, fakeClock } from '../fake-clock.ts'
import { repositoryNamed } from '../samples.ts'

/** Makes a fresh, empty upload store that takes the time, in milliseconds, from `clock`. */
export type UploadStoreMaker = (clock: () => number) => UploadStore | Promise<UploadStore>

/** A case of the upload store's contract. */
export type UploadStoreCase = ContractCase<UploadStoreMaker>

/** Caps nobody reaches. */
const ample: SessionCaps = { total: 100, perPrincipal: 100 }

/** A session nobody has heard of. */
export function session(changes: Partial<UploadSession> = {}): UploadSession {
  return {
    id: newUploadId(),
    repository: repositoryNamed('library/alpine'),
    principal: null,
    offset: 0,
    algorithm: 'sha256',
    hexSoFar: null,
    stage: null,
    startedAt: 1000,
    touchedAt: 1000,
    ...changes,
  }
}

/** A case that needs one store, and time. */
export function uploadCase(
  name: string,
  body: (store: UploadStore, clock: FakeClock) => Promise<void>,
): UploadStoreCase {
  return {
    name,
    async run(make) {
      const clock = fakeClock()
      await body(await make(clock.now), clock)
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
