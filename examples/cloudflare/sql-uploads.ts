import { RpcTarget } from 'cloudflare:workers'
import type { UploadId } from 'layerdock'
import type { SessionCaps, UploadSession, UploadStore } from 'layerdock/kit'

/**
 * Upload sessions in a Durable Object's tables. Workers call it over RPC. Claims are rows too: the
 * object may leave memory while a worker is still receiving a chunk.
 */
export class SqlUploads extends RpcTarget implements UploadStore {
  readonly #storage: DurableObjectStorage
  readonly #sql: SqlStorage
  readonly #clock: () => number

  /** `clock`: milliseconds since the epoch. */
  constructor(storage: DurableObjectStorage, clock: () => number = Date.now) {
    super()
    this.#storage = storage
    this.#sql = storage.sql
    this.#clock = clock
  }

  async create(session: UploadSession, caps: SessionCaps): Promise<boolean> {
    const { id, offset } = session
    const owner = ownerKey(session)
    const now = this.#clock()
    return this.#storage.transactionSync(() => {
      if (this.#find(id) !== null) return true
      const [room] = this.#sql
        .exec<{ all: number; own: number }>(
          `SELECT uploads AS "all",
             coalesce((SELECT uploads FROM owners WHERE owner = ?), 0) AS own FROM totals`,
          owner,
        )
        .toArray()
      const { all, own } = room ?? { all: 0, own: 0 }
      if (own >= caps.perOwner) {
        if (!this.#evict(now, owner)) return false
      } else if (all >= caps.total && !this.#evict(now)) return false
      this.#sql.exec(
        'INSERT INTO uploads (id, owner, size, touched_at, session) VALUES (?, ?, ?, ?, ?)',
        ...[id, owner, offset, now, JSON.stringify(session)],
      )
      return true
    })
  }

  async find(id: UploadId, idleMs: number): Promise<UploadSession | null> {
    return this.#find(id, idleMs)
  }

  async claim(
    id: UploadId,
    holder: string,
    ttlMs: number,
    idleMs: number,
  ): Promise<UploadSession | 'busy' | null> {
    const now = this.#clock()
    const session = this.#find(id, idleMs)
    if (session === null) return null
    const claimed = this.#sql.exec(
      `UPDATE uploads SET holder = ?1, until = ?2, wanted = 0
       WHERE id = ?3 AND (holder IS NULL OR holder = ?1 OR until <= ?4) RETURNING id`,
      ...[holder, now + ttlMs, id, now],
    )
    if (claimed.toArray().length > 0) return session
    this.#sql.exec('UPDATE uploads SET wanted = 1 WHERE id = ?', id)
    return 'busy'
  }

  async renew(id: UploadId, holder: string, ttlMs: number): Promise<'held' | 'wanted' | 'lost'> {
    const now = this.#clock()
    const [row] = this.#sql
      .exec<{ wanted: number }>(
        `UPDATE uploads SET until = ? WHERE id = ? AND holder = ? AND until > ? RETURNING wanted`,
        ...[now + ttlMs, id, holder, now],
      )
      .toArray()
    if (row === undefined) return 'lost'
    return row.wanted === 0 ? 'held' : 'wanted'
  }

  async save(session: UploadSession, holder: string): Promise<boolean> {
    const now = this.#clock()
    const text = JSON.stringify(session)
    const saved = this.#sql.exec(
      `UPDATE uploads SET size = ?, touched_at = ?, session = ?, holder = NULL, wanted = 0,
         saved_by = ? WHERE id = ? AND holder = ? AND until > ? RETURNING id`,
      ...[session.offset, now, text, holder, session.id, holder, now],
    )
    if (saved.toArray().length > 0) return true
    // The answer to the same call before this one may have been lost.
    const before = this.#sql.exec(
      'SELECT 1 FROM uploads WHERE id = ? AND holder IS NULL AND saved_by = ? AND session = ?',
      ...[session.id, holder, text],
    )
    return before.toArray().length > 0
  }

  async release(id: UploadId, holder: string): Promise<void> {
    this.#sql.exec(
      'UPDATE uploads SET holder = NULL, wanted = 0 WHERE id = ? AND holder = ?',
      ...[id, holder],
    )
  }

  async remove(id: UploadId, holder: string): Promise<boolean> {
    const gone = this.#sql.exec(
      'DELETE FROM uploads WHERE id = ? AND holder = ? AND until > ? RETURNING id',
      ...[id, holder, this.#clock()],
    )
    return gone.toArray().length > 0
  }

  async stagedBytes(): Promise<number> {
    const [row] = this.#sql.exec<{ bytes: number }>('SELECT bytes FROM totals').toArray()
    return row?.bytes ?? 0
  }

  async expired(idleMs: number, limit: number): Promise<readonly UploadSession[]> {
    const now = this.#clock()
    return this.#sql
      .exec<SessionRow>(
        `SELECT session, touched_at FROM uploads
         WHERE touched_at <= ? AND (holder IS NULL OR until <= ?) ORDER BY touched_at LIMIT ?`,
        ...[now - idleMs, now, limit],
      )
      .toArray()
      .map(sessionOf)
  }

  async check(): Promise<void> {
    await this.stagedBytes()
  }

  /** Nothing to release: the tables are the object's. */
  async close(): Promise<void> {}

  #find(id: UploadId, idleMs: number = Number.POSITIVE_INFINITY): UploadSession | null {
    const [row] = this.#sql
      .exec<SessionRow>('SELECT session, touched_at FROM uploads WHERE id = ?', id)
      .toArray()
    return row === undefined || row.touched_at + idleMs <= this.#clock() ? null : sessionOf(row)
  }

  /**
   * Ends the oldest session without bytes that no request holds: of one owner, or of the owner with the
   * most sessions among those that have such a one. False when there is none.
   */
  #evict(now: number, owner?: string): boolean {
    const gone = this.#sql.exec(
      `DELETE FROM uploads WHERE id = (
         SELECT id FROM owners CROSS JOIN uploads USING (owner)
         WHERE size = 0 AND (holder IS NULL OR until <= ?) ${owner === undefined ? '' : 'AND owner = ?'}
         ORDER BY owners.uploads DESC, touched_at LIMIT 1) RETURNING id`,
      ...[now, ...(owner === undefined ? [] : [owner])],
    )
    return gone.toArray().length > 0
  }
}

interface SessionRow {
  readonly session: string
  readonly touched_at: number
}

/** An owner as the tables name it; callers of whom nothing is known share one. */
export function ownerKey({ owner }: Pick<UploadSession, 'owner'>): string {
  return owner === null ? '' : `=${owner}`
}

/** What this store wrote, it reads back. */
function sessionOf(row: SessionRow): UploadSession {
  return JSON.parse(row.session) as UploadSession
}
