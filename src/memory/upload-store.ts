import type { UploadId } from '../oci/upload-id.ts'
import type { UploadSession, UploadStore } from '../ports/upload-store.ts'
import { ByAge } from './by-age.ts'

interface Claim {
  readonly holder: string
  /** The claim holds before this time. */
  readonly until: number
}

/** Settings of {@link memoryUploads}. */
export interface MemoryUploadsOptions {
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number
}

/** Keeps upload sessions in memory: they end with the process. */
export function memoryUploads(options: MemoryUploadsOptions = {}): UploadStore {
  const clock = options.clock ?? Date.now
  const sessions: Map<UploadId, UploadSession> = new Map()
  const claims: Map<UploadId, Claim> = new Map()
  const perPrincipal: Map<string | null, number> = new Map()
  const byAge: ByAge<UploadId> = new ByAge()
  let stagedBytes = 0

  function openOf(principal: string | null): number {
    return perPrincipal.get(principal) ?? 0
  }

  function add(session: UploadSession): void {
    sessions.set(session.id, session)
    perPrincipal.set(session.principal, openOf(session.principal) + 1)
    byAge.add(session.touchedAt, session.id)
    stagedBytes += session.offset
  }

  function drop(session: UploadSession): void {
    sessions.delete(session.id)
    const left = openOf(session.principal) - 1
    if (left === 0) perPrincipal.delete(session.principal)
    else perPrincipal.set(session.principal, left)
    byAge.remove(session.touchedAt, session.id)
    stagedBytes -= session.offset
  }

  function holderOf(id: UploadId): string | null {
    const claim = claims.get(id)
    return claim === undefined || claim.until <= clock() ? null : claim.holder
  }

  return {
    async create(session, caps) {
      if (sessions.size >= caps.total || openOf(session.principal) >= caps.perPrincipal) {
        return false
      }
      if (sessions.has(session.id)) throw new Error(`there is an upload ${session.id} already`)
      add(session)
      return true
    },

    async find(id) {
      return sessions.get(id) ?? null
    },

    async claim(id, holder, ttlMs) {
      const session = sessions.get(id)
      if (session === undefined) return null
      const current = holderOf(id)
      if (current !== null && current !== holder) return 'busy'
      claims.set(id, { holder, until: clock() + ttlMs })
      return session
    },

    async save(session, holder) {
      const earlier = sessions.get(session.id)
      if (earlier === undefined || holderOf(session.id) !== holder) return false
      drop(earlier)
      add(session)
      claims.delete(session.id)
      return true
    },

    async release(id, holder) {
      if (claims.get(id)?.holder === holder) claims.delete(id)
    },

    async remove(id) {
      const session = sessions.get(id)
      if (session === undefined) return false
      drop(session)
      claims.delete(id)
      return true
    },

    async stagedBytes() {
      return stagedBytes
    },

    async expired(before, limit) {
      const found: UploadSession[] = []
      for (const id of byAge.before(before)) {
        if (found.length >= limit) break
        const session = sessions.get(id)
        if (session !== undefined && holderOf(id) === null) found.push(session)
      }
      return found
    },
  }
}
