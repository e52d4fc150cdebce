import { RpcTarget } from 'cloudflare:workers'
import type { UploadId } from 'layerdock'
import type { SessionCaps, StagedBytes, UploadSession, UploadStore } from 'layerdock/kit'

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
    const now = this.#clock()
    const owner = ownerKey(session.owner)
    return this.#storage.transactionSync(() => {
      if (this.#row(session.id) !== undefined) return true
      const [count] = this.#sql
        .exec<{ all: number; own: number }>(
          `SELECT uploads AS "all",
             coalesce((SELECT uploads FROM owners WHERE owner = ?), 0) AS own FROM totals`,
          owner,
        )
        .toArray()
      const { all, own } = count ?? { all: 0, own: 0 }
      if (own >= caps.perOwner) {
        if (!this.#evict(now, owner)) return false
      } else if (all >= caps.total && !this.#evict(now)) return false
      insertUpload(this.#sql, session, now)
      return true
    })
  }

  async find(id: UploadId, idleMs: number): Promise<UploadSession | null> {
    const row = this.#row(id)
    return row === undefined || isIdle(row, idleMs, this.#clock()) ? null : sessionOf(row)
  }

  async claim(
    id: UploadId,
    holder: string,
    ttlMs: number,
    idleMs: number,
  ): Promise<UploadSession | 'busy' | null> {
    const now = this.#clock()
    const row = this.#row(id)
    if (row === undefined || isIdle(row, idleMs, now)) return null
    const isHeld = row.holder !== null && row.until > now
    if (isHeld && row.holder !== holder) {
      this.#sql.exec('UPDATE uploads SET wanted = 1 WHERE id = ?', id)
      return 'busy'
    }
    this.#sql.exec(
      'UPDATE uploads SET holder = ?, until = ?, wanted = ? WHERE id = ?',
      ...[holder, now + ttlMs, isHeld ? row.wanted : 0, id],
    )
    return sessionOf(row)
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
    const saved = this.#sql.exec(
      `UPDATE uploads SET size = ?, spare = ?, touched_at = ?, session = ?, holder = NULL
       WHERE id = ? AND holder = ? AND until > ? RETURNING id`,
      ...[session.offset, spareOf(session), now, JSON.stringify(session), session.id, holder, now],
    )
    return saved.toArray().length > 0
  }

  async release(id: UploadId, holder: string): Promise<void> {
    this.#sql.exec('UPDATE uploads SET holder = NULL WHERE id = ? AND holder = ?', id, holder)
  }

  async remove(id: UploadId, holder: string): Promise<boolean> {
    const gone = this.#sql.exec(
      'DELETE FROM uploads WHERE id = ? AND holder = ? AND until > ? RETURNING id',
      ...[id, holder, this.#clock()],
    )
    return gone.toArray().length > 0
  }

  async stagedBytes(owner: string | null): Promise<StagedBytes> {
    const [row] = this.#sql
      .exec<{ total: number; own: number }>(
        `SELECT bytes AS total,
           coalesce((SELECT bytes FROM owners WHERE owner = ?), 0) AS own FROM totals`,
        ownerKey(owner),
      )
      .toArray()
    return { total: row?.total ?? 0, own: row?.own ?? 0 }
  }

  async expired(idleMs: number, limit: number): Promise<readonly UploadSession[]> {
    const now = this.#clock()
    return this.#sql
      .exec<SessionRow>(
        `SELECT * FROM uploads WHERE touched_at <= ?
         AND (holder IS NULL OR until <= ?) ORDER BY touched_at LIMIT ?`,
        ...[now - idleMs, now, limit],
      )
      .toArray()
      .map(sessionOf)
  }

  async check(): Promise<void> {
    await this.stagedBytes(null)
  }

  /** Nothing to release: the tables are the object's. */
  async close(): Promise<void> {}

  #row(id: UploadId): SessionRow | undefined {
    return this.#sql.exec<SessionRow>('SELECT * FROM uploads WHERE id = ?', id).toArray()[0]
  }

  /**
   * Ends the oldest session without bytes that no request holds: of one owner, or of the owner with the
   * most sessions among those that have such a one. False when there is none.
   */
  #evict(now: number, owner?: string): boolean {
    const gone = this.#sql.exec(
      `DELETE FROM uploads WHERE id = (
         SELECT id FROM owners CROSS JOIN uploads USING (owner)
         WHERE spare AND (holder IS NULL OR until <= ?) ${owner === undefined ? '' : 'AND owner = ?'}
         ORDER BY owners.uploads DESC, touched_at LIMIT 1) RETURNING id`,
      ...[now, ...(owner === undefined ? [] : [owner])],
    )
    return gone.toArray().length > 0
  }
}

interface SessionRow {
  readonly session: string
  readonly touched_at: number
  readonly holder: string | null
  readonly until: number
  readonly wanted: number
}

/** Adds a row for a session that was idle since `touchedAt`, in milliseconds since the epoch. */
export function insertUpload(sql: SqlStorage, session: UploadSession, touchedAt: number): void {
  const { id, offset } = session
  sql.exec(
    'INSERT INTO uploads (id, owner, size, spare, touched_at, session) VALUES (?, ?, ?, ?, ?, ?)',
    ...[id, ownerKey(session.owner), offset, spareOf(session), touchedAt, JSON.stringify(session)],
  )
}

/** An owner as the tables name it; callers of whom nothing is known share one. */
function ownerKey(owner: string | null): string {
  return owner === null ? '' : `=${owner}`
}

/** Whether nothing is lost with a session. */
function spareOf({ offset, committed }: UploadSession): number {
  return offset === 0 && committed === null ? 1 : 0
}

/** A session that is held is not idle. */
function isIdle({ touched_at, holder, until }: SessionRow, idleMs: number, now: number): boolean {
  return touched_at + idleMs <= now && (holder === null || until <= now)
}

/** What this store wrote, it reads back. */
function sessionOf(row: SessionRow): UploadSession {
  return JSON.parse(row.session) as UploadSession
}
