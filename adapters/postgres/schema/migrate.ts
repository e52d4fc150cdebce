import type { Database } from '../database.ts'
import { noTimeout, type SqlQuery } from '../sql-driver.ts'
import { firstVersions, migrations } from './migrations.ts'

/** The tables were made by a later Layerdock than this one. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew'
  /** The version of the tables. */
  readonly version: number

  /** The oldest version of Layerdock that knows them; null where the database does not say. */
  readonly needs: string | null

  constructor(version: number, needs: string | null = null) {
    const newest = migrations.length
    const which = needs === null ? 'a newer one' : `Layerdock ${needs} or a newer one`
    super(
      `the tables in the database have version ${version}, and this Layerdock knows no later version than ${newest}; start ${which}`,
    )
    this.version = version
    this.needs = needs
  }
}

/** Any number that other programs in the database are unlikely to lock. */
const lock = 7_309_453_205

/**
 * Brings the tables to the newest version, each step in a transaction of its own. Of nodes that start at once, one
 * does it and the others wait.
 *
 * @throws SchemaTooNew when the tables are of a later version than this Layerdock knows
 */
export async function migrate(
  database: Database,
  steps: readonly string[] = migrations,
): Promise<void> {
  let version = await database.transaction(versionOf)
  while (version < steps.length) {
    version = await database.transaction((query) => makeStep(query, steps))
  }
  if (version > steps.length) throw new SchemaTooNew(version, await neededBy(database))
}

/** What the tables say of the versions of Layerdock that know them. */
async function neededBy(database: Database): Promise<string | null> {
  const [row] = await database.query<{ comment: unknown }>(
    "select obj_description(to_regclass('layerdock_schema'), 'pg_class') as comment",
    [],
  )
  return /^Layerdock (\d+\.\d+\.\d+) or newer$/.exec(String(row?.comment))?.[1] ?? null
}

/** Makes one step; the version afterwards. */
async function makeStep(query: SqlQuery, steps: readonly string[]): Promise<number> {
  // A step may take long, and so may waiting for another node that makes it.
  await query(noTimeout)
  await query('set local lock_timeout = 0')
  await query('select pg_advisory_xact_lock($1::bigint)::text', [lock])
  const version = await versionOf(query)
  const step = steps[version]
  if (step === undefined) return version
  if (version === 0) {
    await query(
      'create table layerdock_schema (version integer primary key, made_at timestamptz not null)',
    )
  }
  for (const statement of statementsOf(step)) await query(statement)
  await query('insert into layerdock_schema values ($1, now())', [version + 1])
  const needs = firstVersions[version]
  // For older versions, which find tables that they do not know.
  if (needs !== undefined) {
    await query(`comment on table layerdock_schema is 'Layerdock ${needs} or newer'`)
  }
  return version + 1
}

async function versionOf(query: SqlQuery): Promise<number> {
  // From the table of tables, or a table that another node has just made would not be noticed.
  const tables = await query(
    "select relname from pg_catalog.pg_class where oid = to_regclass('layerdock_schema')",
  )
  if (tables.length === 0) return 0
  const [row] = await query<{ version: unknown }>(
    'select max(version) as version from layerdock_schema',
  )
  return Number(row?.version ?? 0)
}

/** The statements of a step, without its comments; none has a semicolon within, but for bodies of functions. */
function statementsOf(step: string): readonly string[] {
  const statements = step.replace(/--[^\n]*/g, '').match(/(?:\$\$[\s\S]*?\$\$|[^;$])+/g) ?? []
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '')
}
