import { steadyClock } from '../oci/steady-clock.ts'
import type { UploadStore } from '../ports/upload-store.ts'
import { SessionTable } from './session-table.ts'

/** Settings of {@link memoryUploads}. */
export interface MemoryUploadsOptions {
  /** Milliseconds; its differences count. Default: {@link steadyClock}. */
  readonly clock?: () => number
}

/** Keeps upload sessions in memory: they end with the process. */
export function memoryUploads(options: MemoryUploadsOptions = {}): UploadStore {
  const table = new SessionTable(options.clock ?? steadyClock())
  return {
    create: async (session, caps) => table.create(session, caps).created,
    find: async (id, idleMs) => table.find(id, idleMs),
    claim: async (id, holder, ttlMs, idleMs) => table.claim(id, holder, ttlMs, idleMs),
    renew: async (id, holder, ttlMs) => table.renew(id, holder, ttlMs),
    save: async (session, holder) => table.save(session, holder),
    release: async (id, holder) => table.release(id, holder),
    remove: async (id, holder) => table.remove(id, holder),
    stagedBytes: async (owner) => table.stagedBytes(owner),
    expired: async (idleMs, limit) => table.expired(idleMs, limit),
    figures: async () => table.figures(),
    close: async () => {},
  }
}
