import type { UploadId } from '../../src/index.ts'
import type { SessionCaps, UploadSession } from '../../src/kit.ts'

interface Entry {
  session: UploadSession
  claim: { readonly holder: string; readonly until: number } | null
}

/** Upload sessions in memory: counted, claimed, and in order of when they were last touched. */
export class SessionTable {
  readonly #clock: () => number
  readonly #perPrincipal: Map<string | null, number> = new Map()
  /** Oldest touch first, as long as {@link #inOrder}: a touched entry moves to the end. */
  #entries: Map<UploadId, Entry> = new Map()
  #inOrder = true
  #newest = 0
  #bytes = 0

  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** Bytes of all sessions together. */
  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#entries.size
  }

  get(id: UploadId): UploadSession | null {
    return this.#entries.get(id)?.session ?? null
  }

  values(): UploadSession[] {
    return Array.from(this.#entries.values(), (entry) => entry.session)
  }

  hasRoom(principal: string | null, caps: SessionCaps): boolean {
    const own = this.#perPrincipal.get(principal) ?? 0
    return this.#entries.size < caps.total && own < caps.perPrincipal
  }

  /** @throws Error when there is a session of that id. */
  add(session: UploadSession): void {
    const { id, principal } = session
    if (this.#entries.has(id)) throw new Error(`there is an upload ${id} already`)
    this.#place({ session, claim: null })
    this.#perPrincipal.set(principal, (this.#perPrincipal.get(principal) ?? 0) + 1)
    this.#bytes += session.offset
  }

  remove(id: UploadId): boolean {
    const entry = this.#entries.get(id)
    if (entry === undefined) return false
    const { principal, offset } = entry.session
    this.#entries.delete(id)
    this.#bytes -= offset
    const left = (this.#perPrincipal.get(principal) ?? 1) - 1
    if (left === 0) this.#perPrincipal.delete(principal)
    else this.#perPrincipal.set(principal, left)
    return true
  }

  claim(id: UploadId, holder: string, ttlMs: number): UploadSession | 'busy' | null {
    const entry = this.#entries.get(id)
    if (entry === undefined) return null
    const current = this.#holderOf(entry)
    if (current !== null && current !== holder) return 'busy'
    entry.claim = { holder, until: this.#clock() + ttlMs }
    return entry.session
  }

  isHeldBy(id: UploadId, holder: string): boolean {
    const entry = this.#entries.get(id)
    return entry !== undefined && this.#holderOf(entry) === holder
  }

  /** Puts a new state in place of the one before, and frees the session. */
  replace(session: UploadSession): void {
    const entry = this.#entries.get(session.id)
    if (entry === undefined) return
    this.#bytes += session.offset - entry.session.offset
    this.#entries.delete(session.id)
    this.#place({ session, claim: null })
  }

  release(id: UploadId, holder: string): void {
    const entry = this.#entries.get(id)
    if (entry?.claim?.holder === holder) entry.claim = null
  }

  /** Unclaimed sessions last touched before `before`, oldest first. */
  expired(before: number, limit: number): readonly UploadSession[] {
    this.#sort()
    const found: UploadSession[] = []
    for (const entry of this.#entries.values()) {
      if (entry.session.touchedAt >= before || found.length >= limit) break
      if (this.#holderOf(entry) === null) found.push(entry.session)
    }
    return found
  }

  #holderOf(entry: Entry): string | null {
    const { claim } = entry
    return claim === null || claim.until <= this.#clock() ? null : claim.holder
  }

  #place(entry: Entry): void {
    const { id, touchedAt } = entry.session
    this.#entries.set(id, entry)
    if (touchedAt < this.#newest) this.#inOrder = false
    else this.#newest = touchedAt
  }

  /** Needed only after a clock went back, or sessions of an earlier process were added. */
  #sort(): void {
    if (this.#inOrder) return
    const sorted = [...this.#entries].sort(
      ([, a], [, b]) => a.session.touchedAt - b.session.touchedAt,
    )
    this.#entries = new Map(sorted)
    this.#newest = sorted.at(-1)?.[1].session.touchedAt ?? 0
    this.#inOrder = true
  }
}
