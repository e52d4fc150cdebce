import { RpcTarget } from 'cloudflare:workers'
import type { UploadId } from 'layerdock'
import type { SessionCaps, UploadSession, UploadStore } from 'layerdock/kit'

/**
 * Upload sessions in a Durable Object's tables. Workers call it over RPC. Claims are rows too: the
 * object may leave memory while a worker is still receiving a chunk.
 */
export class SqlUploads extends RpcTarget implements UploadStore {
  readonly #sql: SqlStorage
  readonly #clock: () => number

  /** `clock`: milliseconds since the epoch. */
  constructor(sql: SqlStorage, clock: () => number = Date.now) {
    super()
    this.#sql = sql
    this.#clock = clock
  }

  async create(session: UploadSession, caps: SessionCaps): Promise<boolean> {
    const { id, principal, offset, touchedAt } = session
    const [all] = this.#sql.exec<Count>('SELECT count(*) AS n FROM uploads').toArray()
    const [own] = this.#sql
      .exec<Count>('SELECT count(*) AS n FROM uploads WHERE principal IS ?', principal)
      .toArray()
    if ((all?.n ?? 0) >= caps.total || (own?.n ?? 0) >= caps.perPrincipal) return false
    this.#sql.exec(
      'INSERT INTO uploads (id, principal, size, touched_at, session) VALUES (?, ?, ?, ?, ?)',
      ...[id, principal, offset, touchedAt, JSON.stringify(session)],
    )
    return true
  }

  async find(id: UploadId): Promise<UploadSession | null> {
    return this.#find(id)
  }

  async claim(id: UploadId, holder: string, ttlMs: number): Promise<UploadSession | 'busy' | null> {
    const now = this.#clock()
    const [claimed] = this.#sql
      .exec<SessionRow>(
        `UPDATE uploads SET holder = ?, until = ?
         WHERE id = ? AND (holder IS NULL OR holder = ? OR until <= ?) RETURNING session`,
        ...[holder, now + ttlMs, id, holder, now],
      )
      .toArray()
    if (claimed !== undefined) return sessionOf(claimed)
    return this.#find(id) === null ? null : 'busy'
  }

  async save(session: UploadSession, holder: string): Promise<boolean> {
    const saved = this.#sql
      .exec(
        `UPDATE uploads SET size = ?, touched_at = ?, session = ?, holder = NULL
         WHERE id = ? AND holder = ? AND until > ? RETURNING id`,
        ...[session.offset, session.touchedAt, JSON.stringify(session)],
        ...[session.id, holder, this.#clock()],
      )
      .toArray()
    return saved.length > 0
  }

  async release(id: UploadId, holder: string): Promise<void> {
    this.#sql.exec('UPDATE uploads SET holder = NULL WHERE id = ? AND holder = ?', id, holder)
  }

  async remove(id: UploadId): Promise<boolean> {
    return this.#sql.exec('DELETE FROM uploads WHERE id = ? RETURNING id', id).toArray().length > 0
  }

  async stagedBytes(): Promise<number> {
    const [sum] = this.#sql.exec<Count>('SELECT sum(size) AS n FROM uploads').toArray()
    return sum?.n ?? 0
  }

  async expired(before: number, limit: number): Promise<readonly UploadSession[]> {
    return this.#sql
      .exec<SessionRow>(
        `SELECT session FROM uploads
         WHERE touched_at < ? AND (holder IS NULL OR until <= ?) ORDER BY touched_at LIMIT ?`,
        ...[before, this.#clock(), limit],
      )
      .toArray()
      .map(sessionOf)
  }

  #find(id: UploadId): UploadSession | null {
    const [row] = this.#sql
      .exec<SessionRow>('SELECT session FROM uploads WHERE id = ?', id)
      .toArray()
    return row === undefined ? null : sessionOf(row)
  }
}

interface Count {
  readonly n: number | null
}

interface SessionRow {
  readonly session: string
}

/** What this store wrote, it reads back. */
function sessionOf(row: SessionRow): UploadSession {
  return JSON.parse(row.session) as UploadSession
}
