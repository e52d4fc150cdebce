import type { Database } from './database.ts'
import type { SqlRow } from './sql-driver.ts'

/** What an operator wants to know of the database when a node starts. */
export interface DatabaseFacts {
  /** Such as `16.4`. */
  readonly version: string
  /** The version of Layerdock's tables. */
  readonly schema: number
  /** Connections that the server lets such users have, of all programs together. */
  readonly mostConnections: number
  /** Those that others have now: other nodes, and other programs. */
  readonly otherConnections: number
}

interface Row extends SqlRow {
  readonly version: string
  readonly schema: unknown
  readonly most: unknown
  readonly others: unknown
}

/**
 * Looks at the server itself. Behind a pooler, the connections are the pooler's.
 *
 * @throws RegistryError where the database cannot be used now
 */
export async function databaseFacts(database: Database): Promise<DatabaseFacts> {
  const [row] = await database.query<Row>(
    `select current_setting('server_version') as version,
      (select max(version) from layerdock_schema) as schema,
      current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0) as most,
      (select count(*) from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid())::int as others`,
    [],
  )
  return {
    version: row?.version.split(' ', 1)[0] ?? '',
    schema: Number(row?.schema),
    mostConnections: Number(row?.most),
    otherConnections: Number(row?.others),
  }
}
