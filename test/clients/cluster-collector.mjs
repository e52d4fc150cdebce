// The maintenance of a registry whose nodes are ended all the time: a node does its own for the first time ten minutes
// after its start. It runs beside them, and once more at the end, when every lease is over.
import { createRegistry, RegistryError } from 'layerdock'
import { openPostgres } from 'layerdock/postgres'
import { s3Blobs, s3Options } from 'layerdock/s3'

const dayMs = 24 * 60 * 60_000

/**
 * Opens the stores of a registry, as a node does.
 * @param {import('../../conformance/services.mjs').Services} services
 * @param {import('../../conformance/services.mjs').Place} place
 * @param {number} leaseMs how long content without a name is kept
 * @param {number} aheadMs how far its clock is ahead of the database's
 */
async function openStores({ accessKeyId, secretAccessKey }, place, leaseMs, aheadMs) {
  const [database, bucket] = [place.args[1] ?? '', place.args[3] ?? '']
  const stores = await openPostgres({
    url: database,
    poolSize: 4,
    trashMs: 5000,
    clockOffset: () => aheadMs,
  })
  const credentials = { accessKeyId, secretAccessKey }
  const blobs = s3Blobs({ ...s3Options(bucket), credentials })
  const registry = createRegistry({
    stores: {
      metadata: stores.metadata,
      uploads: stores.uploads,
      blobs: stores.smallBlobs(blobs),
      clock: stores.clock,
    },
    limits: { leaseMs, trashMs: 0 },
  })
  return {
    registry,
    async close() {
      await registry.close()
      await blobs.close()
      await stores.close()
    },
  }
}

/**
 * Collects garbage beside the nodes until `done` says so.
 * @param {import('../../conformance/services.mjs').Services} services
 * @param {import('../../conformance/services.mjs').Place} place
 * @param {{ leaseMs: number, done: () => boolean }} options
 * @returns {Promise<{ collected: number, swept: number, failed: number }>} `failed`: turns that met an outage
 */
export async function collectBeside(services, place, { leaseMs, done }) {
  const { registry, close } = await openStores(services, place, leaseMs, 0)
  const counts = { collected: 0, swept: 0, failed: 0 }
  while (!done()) {
    try {
      await registry.expireUploads()
      counts.collected += (await registry.collectGarbage()).blobs
      counts.swept += (await registry.sweepBytes(leaseMs)).swept
    } catch (error) {
      // PostgreSQL is being restarted: the next turn does it.
      if (!(error instanceof RegistryError && error.kind === 'unavailable')) throw error
      counts.failed += 1
    }
    await new Promise((resolve) => setTimeout(resolve, 2000))
  }
  await close()
  return counts
}

/**
 * Does all the maintenance there will ever be, as if days had passed: sessions, leases and trash are over. No node may
 * run.
 * @param {import('../../conformance/services.mjs').Services} services
 * @param {import('../../conformance/services.mjs').Place} place
 * @returns {Promise<{ collected: number, swept: number }>}
 */
export async function collectAll(services, place) {
  const counts = { collected: 0, swept: 0 }
  // A key that loses its name goes into the trash, and from there a day later.
  for (const days of [2, 4, 6]) {
    const { registry, close } = await openStores(services, place, 1000, days * dayMs)
    await registry.expireUploads()
    counts.collected += (await registry.collectGarbage()).blobs
    counts.swept += (await registry.sweepBytes(0)).swept
    await close()
  }
  return counts
}
