import type { UploadId } from '../../../src/index.ts'
import type { SessionCaps, SessionUser, UploadSession, UploadStore } from '../../../src/kit.ts'
import type { Database } from '../database.ts'
import type { SqlQuery, SqlRow, SqlValue } from '../sql-driver.ts'
import * as sql from './session-sql.ts'

/** Sessions of an owner and of all are counted in so many rows each: changes of one row wait for each other. */
const shards = 32

/** Any number, for the locks of sessions that are created near a cap. */
const lockClass = 1_802_201

/** Claims that are remembered as given back. */
const mostGiven = 1000

const lock = 'select pg_advisory_xact_lock($1::integer, hashtext($2))::text'

/**
 * So many sessions may be created without a lock: the rest of the cap is more than the requests that create some at
 * the same moment, and do not see each other's.
 */
const easyOf = (cap: number): number => cap - Math.max(64, Math.ceil(cap / 8))

/**
 * Upload sessions in PostgreSQL, for any number of nodes. Every method is one statement, except that creating one
 * near a cap takes a lock: of its owner, or of all where it is their cap. Times are of the database's clock.
 */
export function postgresUploads(database: Database): UploadStore {
  const one = async <Row extends SqlRow>(
    text: string,
    params: readonly SqlValue[],
  ): Promise<Row | undefined> => (await database.query<Row>(text, params))[0]

  const given = new GivenClaims()

  async function createIn(
    query: SqlQuery,
    session: UploadSession,
    { total, perOwner }: SessionCaps,
    mayEvict: boolean,
  ): Promise<{ readonly made: boolean; readonly ofAll: boolean; readonly ofOwner: boolean }> {
    const [row] = await query<{ made: boolean; of_all: boolean; of_owner: boolean }>(sql.create, [
      ...[database.clockOffset, session.id, ownerKey(session.owner), shardOf(session.id)],
      ...[...columnsOf(session), total, perOwner, mayEvict],
      ...[session.repository, JSON.stringify(session.principal)],
    ])
    return {
      made: row?.made === true,
      ofAll: row?.of_all === true,
      ofOwner: row?.of_owner === true,
    }
  }

  return {
    async create(session, caps) {
      const easy = { total: easyOf(caps.total), perOwner: easyOf(caps.perOwner) }
      const query: SqlQuery = (text, params = []) => database.query(text, params)
      const first = await createIn(query, session, easy, false)
      if (first.made) return true
      return database.transaction(async (inside) => {
        // Begun first, so that what follows sees everything that was done under them.
        const locked = [
          ...(first.ofOwner ? [] : [ownerKey(session.owner)]),
          ...(first.ofAll ? [] : ['']),
        ].map((key) => inside(lock, [lockClass, key]))
        const [second] = await Promise.all([createIn(inside, session, caps, true), ...locked])
        return second.made
      })
    },

    async find(id, idleMs) {
      const row = await one<SessionRow>(sql.find, [database.clockOffset, id, millis(idleMs)])
      return row === undefined ? null : sessionOf(row)
    },

    async claim(id, holder, ttlMs, idleMs, user) {
      given.take(id, holder)
      const row = await one<{ readonly session: string | null }>(sql.claim, [
        database.clockOffset,
        ...[id, holder, millis(ttlMs), millis(idleMs)],
        ...[user?.repository ?? null, principalOf(user)],
      ])
      if (row === undefined) return null
      return row.session === null ? 'busy' : sessionOf({ session: row.session })
    },

    async renew(id, holder, ttlMs) {
      const params = [database.clockOffset, id, holder, millis(ttlMs)]
      const row = await one<{ readonly wanted: boolean }>(sql.renew, params)
      if (row === undefined) return 'lost'
      return row.wanted ? 'wanted' : 'held'
    },

    async save(session, holder) {
      const params = [database.clockOffset, session.id, holder, ...columnsOf(session)]
      const isSaved = (await one<{ readonly saved: boolean }>(sql.save, params))?.saved === true
      if (isSaved) given.note(session.id, holder)
      return isSaved
    },

    async release(id, holder) {
      if (!given.take(id, holder)) await one(sql.release, [id, holder])
    },

    async remove(id, holder) {
      const params = [database.clockOffset, id, holder]
      const isGone = (await one<{ readonly gone: boolean }>(sql.remove, params))?.gone === true
      if (isGone) given.note(id, holder)
      return isGone
    },

    async stagedBytes(owner) {
      const row = await one<{ total: unknown; own: unknown }>(sql.stagedBytes, [ownerKey(owner)])
      return { total: Number(row?.total ?? 0), own: Number(row?.own ?? 0) }
    },

    async figures() {
      const row = await one<{ sessions: unknown; bytes: unknown }>(sql.figures, [])
      return { sessions: Number(row?.sessions ?? 0), bytes: Number(row?.bytes ?? 0) }
    },

    async expired(idleMs, limit) {
      await database.query(sql.prune, [])
      const params = [database.clockOffset, millis(idleMs), limit]
      return (await database.query<SessionRow>(sql.expired, params)).map(sessionOf)
    },

    isShared: true,
    checksUser: true,
    check: () => database.check(),
    // The connections are those of all stores.
    close: async () => {},
  }
}

/** Claims that were given back with what their holders did, until those release them: which takes no statement. */
class GivenClaims {
  readonly #claims: Set<string> = new Set()

  note(id: UploadId, holder: string): void {
    // Some are never released. One that is forgotten takes a statement.
    if (this.#claims.size >= mostGiven) this.#claims.clear()
    this.#claims.add(`${id} ${holder}`)
  }

  take(id: UploadId, holder: string): boolean {
    return this.#claims.delete(`${id} ${holder}`)
  }
}

type SessionRow = { readonly session: string }

/** The store's own text of a session. */
function sessionOf({ session }: SessionRow): UploadSession {
  return JSON.parse(session) as UploadSession
}

/** Text, bytes, and whether it may make way. */
function columnsOf(session: UploadSession): readonly [string, number, boolean] {
  const { offset, committed } = session
  return [JSON.stringify(session), offset, offset === 0 && committed === null]
}

/** An owner as the tables know it: none is one too, and no character is lost. */
function ownerKey(owner: string | null): string {
  return JSON.stringify(owner)
}

/** A principal as the tables know it, of which an anonymous caller's is one; null where it may be any. */
function principalOf(user: SessionUser | undefined): string | null {
  return user?.principal === undefined ? null : JSON.stringify(user.principal)
}

function shardOf(id: UploadId): number {
  return Number.parseInt(id.slice(-2), 16) % shards
}

/** A duration as the database takes it. */
function millis(ms: number): number {
  return Math.ceil(Math.min(ms, Number.MAX_SAFE_INTEGER / 4))
}
