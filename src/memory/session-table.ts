import type { UploadId } from '../oci/upload-id.ts'
import type { UploadFigures } from '../ports/figures.ts'
import type { SessionCaps, StagedBytes, UploadSession } from '../ports/upload-store.ts'
import { type AgeRow, ByAge } from './by-age.ts'
import { SessionClaims } from './session-claims.ts'
import { SpareSessions } from './spare-sessions.ts'

interface Entry {
  readonly session: UploadSession
  /** Since when it is idle. */
  readonly age: AgeRow<UploadId>
  /** It does not count as idle before this time. */
  readonly keptUntil: number
  /** Its place among the sessions that may make way; null when it may not. */
  spare: AgeRow<UploadId> | null
}

/** What one owner has. */
interface Holding {
  sessions: number
  bytes: number
}

/** What became of {@link SessionTable.create}. */
export interface SessionCreation {
  readonly created: boolean
  /** Sessions without bytes that made way. */
  readonly evicted: readonly UploadSession[]
}

/**
 * Upload sessions in memory, with everything an `UploadStore` promises about claims, caps and idle
 * time; a store keeps them in its own way beside it. No method's cost grows with the number of sessions,
 * except that `expired` passes over those that are held.
 */
export class SessionTable {
  readonly #clock: () => number
  readonly #entries: Map<UploadId, Entry> = new Map()
  readonly #holdings: Map<string | null, Holding> = new Map()
  readonly #byIdle: ByAge<UploadId> = new ByAge()
  readonly #claims: SessionClaims
  readonly #spare: SpareSessions = new SpareSessions()
  #bytes = 0

  /** @param clock in milliseconds; differences count, so it should neither leap nor go back. */
  constructor(clock: () => number) {
    this.#clock = clock
    this.#claims = new SessionClaims(clock)
  }

  /** As `UploadStore.stagedBytes`. */
  stagedBytes(owner: string | null): StagedBytes {
    return { total: this.#bytes, own: this.#holdings.get(owner)?.bytes ?? 0 }
  }

  figures(): UploadFigures {
    return { sessions: this.#entries.size, bytes: this.#bytes }
  }

  get size(): number {
    return this.#entries.size
  }

  /** Owners that have sessions. */
  get owners(): number {
    return this.#holdings.size
  }

  /** The session, however long it was idle. */
  get(id: UploadId): UploadSession | null {
    return this.#entries.get(id)?.session ?? null
  }

  /** All sessions, with how long each was idle, in milliseconds; the longest idle first. */
  *all(): Generator<{ readonly session: UploadSession; readonly idleMs: number }> {
    const now = this.#clock()
    for (const id of this.#byIdle.upTo(Number.POSITIVE_INFINITY)) {
      const entry = this.#entries.get(id)
      if (entry !== undefined) yield { session: entry.session, idleMs: now - entry.age.time }
    }
  }

  /** As `UploadStore.create`. A session of the same id counts as created before. */
  create(session: UploadSession, caps: SessionCaps): SessionCreation {
    if (this.#entries.has(session.id)) return { created: true, evicted: [] }
    // A session whose holder is gone may make way.
    for (const id of this.#claims.lapsed()) this.#endClaim(id)
    const evicted: UploadSession[] = []
    const evict = (id: UploadId | null): boolean => {
      const victim = id === null ? undefined : this.#entries.get(id)
      if (victim === undefined) return false
      this.#drop(victim)
      evicted.push(victim.session)
      return true
    }
    const { owner } = session
    const own = this.#holdings.get(owner)?.sessions ?? 0
    const fits =
      (own < caps.perOwner || evict(this.#spare.oldestOf(owner))) &&
      (this.#entries.size < caps.total || evict(this.#spare.oldestOfLargest()))
    if (fits) this.#add(session, this.#clock(), 0)
    return { created: fits, evicted }
  }

  /**
   * Adds a session of an earlier process, whatever the caps are.
   *
   * @param idleMs how long it was idle already
   * @param graceMs how long from now it does not count as idle all the same
   */
  restore(session: UploadSession, idleMs: number, graceMs: number): void {
    const now = this.#clock()
    this.#add(session, now - idleMs, now + graceMs)
  }

  /** As `UploadStore.find`. A session that is held is not idle. */
  find(id: UploadId, idleMs: number): UploadSession | null {
    const entry = this.#entries.get(id)
    return entry === undefined || this.#isIdle(entry, idleMs) ? null : entry.session
  }

  /** As `UploadStore.claim`. */
  claim(
    id: UploadId,
    holder: string,
    ttlMs: number,
    idleMs: number,
  ): UploadSession | 'busy' | null {
    const entry = this.#entries.get(id)
    if (entry === undefined || this.#isIdle(entry, idleMs)) return null
    const current = this.#claims.get(id)
    if (current !== null && current.holder !== holder) {
      current.wanted = true
      return 'busy'
    }
    if (entry.spare !== null) this.#spare.remove(entry.session.owner, entry.spare)
    entry.spare = null
    this.#claims.set(id, holder, ttlMs)
    return entry.session
  }

  /** As `UploadStore.renew`. */
  renew(id: UploadId, holder: string, ttlMs: number): 'held' | 'wanted' | 'lost' {
    const claim = this.#claims.of(id, holder)
    if (claim === null) return 'lost'
    this.#claims.set(id, holder, ttlMs)
    return claim.wanted ? 'wanted' : 'held'
  }

  /**
   * Keeps the holder's claim from lapsing until {@link unpin}, so that a change can be made elsewhere
   * and here as one; false when the claim was lost.
   */
  pin(id: UploadId, holder: string): boolean {
    const claim = this.#claims.of(id, holder)
    if (claim === null) return false
    claim.pinned = true
    return true
  }

  /** Lets the claim lapse again when its time is over. */
  unpin(id: UploadId, holder: string): void {
    const claim = this.#claims.of(id, holder)
    if (claim !== null) claim.pinned = false
  }

  /** As `UploadStore.save`. */
  save(session: UploadSession, holder: string): boolean {
    const entry = this.#entries.get(session.id)
    if (entry === undefined || this.#claims.of(session.id, holder) === null) return false
    this.#drop(entry)
    this.#add(session, this.#clock(), 0)
    return true
  }

  /** As `UploadStore.release`. */
  release(id: UploadId, holder: string): void {
    if (this.#claims.holder(id) === holder) this.#endClaim(id)
  }

  /** As `UploadStore.remove`. */
  remove(id: UploadId, holder: string): boolean {
    const entry = this.#entries.get(id)
    if (entry === undefined || this.#claims.of(id, holder) === null) return false
    this.#drop(entry)
    return true
  }

  /** As `UploadStore.expired`. */
  expired(idleMs: number, limit: number): readonly UploadSession[] {
    const found: UploadSession[] = []
    for (const id of this.#byIdle.upTo(this.#clock() - idleMs)) {
      if (found.length >= limit) break
      const entry = this.#entries.get(id)
      if (entry !== undefined && this.#isIdle(entry, idleMs)) found.push(entry.session)
    }
    return found
  }

  #isIdle(entry: Entry, idleMs: number): boolean {
    const now = this.#clock()
    if (entry.age.time > now - idleMs || entry.keptUntil > now) return false
    return this.#claims.get(entry.session.id) === null
  }

  #add(session: UploadSession, idleSince: number, keptUntil: number): void {
    const { id, owner, offset } = session
    const age = this.#byIdle.add(idleSince, id)
    const entry: Entry = { session, age, keptUntil, spare: null }
    this.#entries.set(id, entry)
    this.#hold(owner, 1, offset)
    this.#setSpare(entry)
  }

  #drop(entry: Entry): void {
    const { id, owner, offset } = entry.session
    this.#claims.end(id)
    if (entry.spare !== null) this.#spare.remove(owner, entry.spare)
    this.#byIdle.remove(entry.age)
    this.#entries.delete(id)
    this.#hold(owner, -1, -offset)
  }

  #hold(owner: string | null, sessions: number, bytes: number): void {
    this.#bytes += bytes
    const holding = this.#holdings.get(owner) ?? { sessions: 0, bytes: 0 }
    holding.sessions += sessions
    holding.bytes += bytes
    if (holding.sessions === 0) this.#holdings.delete(owner)
    else this.#holdings.set(owner, holding)
  }

  #endClaim(id: UploadId): void {
    this.#claims.end(id)
    const entry = this.#entries.get(id)
    if (entry !== undefined) this.#setSpare(entry)
  }

  /** A session makes way while it has no bytes and no request holds it. */
  #setSpare(entry: Entry): void {
    const { id, owner, offset, committed } = entry.session
    if (offset > 0 || committed !== null) return
    entry.spare ??= this.#spare.add(owner, entry.age.time, id)
  }
}
