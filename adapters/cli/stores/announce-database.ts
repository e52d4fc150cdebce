import type { DatabaseFacts } from '../../postgres/index.ts'
import type { Entries } from '../log.ts'

/** Says which database a node has, and warns where it has too few connections for the pools of its nodes. */
export function announceDatabase(
  log: Entries,
  place: string,
  { version, schema, mostConnections, otherConnections }: DatabaseFacts,
  poolSize: number,
): void {
  log.info({ database: place, postgresql: version, schema }, 'the database is open')
  if (poolSize + otherConnections <= mostConnections) return
  log.warn(
    { poolSize, mostConnections, otherConnections },
    'the database has too few connections: raise its max_connections, or lower --pool-size; each node may take that many',
  )
}
