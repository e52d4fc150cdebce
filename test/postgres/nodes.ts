import { nodeHash } from '../../adapters/disk/node-hash.ts'
import { openPostgres, type PostgresStores } from '../../adapters/postgres/open-postgres.ts'
import { createRegistry, type Registry } from '../../src/index.ts'
import type { BlobStore } from '../../src/kit.ts'
import type { PostgresServer } from '../services/postgres.ts'
import { cleanDatabase, drivenBy, failing } from './places.ts'

/** A registry with connections of its own to a database that others have too. */
export interface RegistryNode {
  readonly registry: Registry
  readonly database: PostgresStores
  /** From now on it cannot reach the database, as a node that froze or was cut off. */
  cut(): void
  /** It reaches the database again. */
  heal(): void
}

/** Nodes over one database, closed together. */
export interface RegistryNodes {
  readonly all: readonly RegistryNode[]
  node(number: number): RegistryNode
  /** Sends every request to another node in turn. */
  fetch(request: Request): Promise<Response>
  close(): Promise<void>
}

/**
 * Opens three nodes over an empty database.
 *
 * @param blobs a store over the bytes that all nodes share, for each node
 * @param clock what time it is in the database, in milliseconds since the epoch
 */
export async function registryNodes(
  server: Pick<PostgresServer, 'database'>,
  blobs: () => BlobStore,
  clock: () => number = Date.now,
): Promise<RegistryNodes> {
  const url = await cleanDatabase(server)
  const all = await Promise.all([1, 2, 3].map(() => openNode(url, blobs(), clock)))
  const node = (number: number): RegistryNode => all[number % all.length] as RegistryNode
  let turn = 0
  return {
    all,
    node,
    async fetch(request) {
      turn += 1
      return node(turn).registry.fetch(request)
    },
    async close() {
      for (const { registry, database } of all) {
        await registry.close()
        await database.close()
      }
    },
  }
}

async function openNode(url: string, blobs: BlobStore, clock: () => number): Promise<RegistryNode> {
  let isCut = false
  const database = await openPostgres({ sql: failing(drivenBy(url, clock), () => isCut) })
  const { metadata, uploads } = database
  const stores = { metadata, uploads, blobs: database.smallBlobs(blobs) }
  return {
    database,
    registry: createRegistry({ stores, hash: nodeHash, clock: database.clock }),
    cut: () => {
      isCut = true
    },
    heal: () => {
      isCut = false
    },
  }
}
