import { createRegistry, RegistryError } from '../../../src/index.ts'
import { type BlobStore, startMaintenance } from '../../../src/kit.ts'
import { defaultHash } from '../../disk/threaded-hash.ts'
import type { PostgresStores } from '../../postgres/index.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { Opened, OpenParts } from '../open-registry.ts'
import { announceDatabase } from './announce-database.ts'
import { openBlobFiles } from './blob-files.ts'
import type { OpenBucket } from './bucket.ts'
import type { StartedDatabase } from './database.ts'
import { explainDatabase } from './explain-stores.ts'
import { expectRestored, restoreNote } from './half-restored.ts'
import { type BytesMarker, expectSameBytes } from './same-bytes.ts'
import { sharedTurns } from './shared-turns.ts'
import { type WatchedStore, watchStores } from './store-watch.ts'
import { tellOutages } from './tell-outages.ts'

/** Where the bytes of a registry in a database are. */
export interface BytesPlace {
  readonly blobs: BlobStore
  /** For people. */
  readonly place: string
  readonly marker: BytesMarker
  /** How they are looked at. */
  readonly watched: WatchedStore
  close(): Promise<void>
}

/**
 * A registry whose names are in a database, and its bytes in a bucket; without one, in a folder that this process
 * alone has.
 *
 * @throws CliError when they cannot be used; StoppedWaiting.
 */
export async function openDatabaseRegistry(
  parts: OpenParts,
  database: StartedDatabase,
  bucket: OpenBucket | null,
): Promise<Opened> {
  const stores = await database.opened
  const { log, settings } = parts
  let bytes: BytesPlace | null = null
  try {
    announceDatabase(log, database.place, await stores.facts(), settings.poolSize)
    bytes = bucket === null ? await openBlobFiles(parts, stores.uploads) : bytesInBucket(bucket)
    const names = `the database ${database.place}`
    await expectRestored(stores.keyStore(restoreNote), names)
    await expectSameBytes(stores.keyStore('bytes'), bytes.marker, { names, bytes: bytes.place })
    return await assembled(parts, database, stores, bytes)
  } catch (error) {
    await bytes?.close().catch(() => {})
    // It answered a moment ago, and does not any more.
    if (!(error instanceof RegistryError)) throw error
    throw new CliError(exitCodes.problem, [explainDatabase(error, database.place).text])
  }
}

function bytesInBucket({ blobs, place, marker, close }: OpenBucket): BytesPlace {
  const check = async (): Promise<void> => await blobs.check?.()
  return { blobs, place, marker, watched: { name: 'the bucket', trustedMs: 10_000, check }, close }
}

/** How long the end of a node waits for maintenance that is under way, in milliseconds. */
const maintenanceMs = 3_000

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function assembled(
  { options, maintenance, settings, log, calls }: OpenParts,
  database: StartedDatabase,
  stores: PostgresStores,
  bytes: BytesPlace,
): Promise<Opened> {
  const { clock } = stores
  const metadata = calls?.sql(stores.metadata) ?? stores.metadata
  const uploads = calls?.sql(stores.uploads) ?? stores.uploads
  calls?.database(() => stores.figures())
  const names: WatchedStore = { name: 'the database', check: () => stores.check() }
  const watch = watchStores({ metadata: names, blobs: bytes.watched }, options.onNotice)
  const { wrap = (service) => service } = options
  const made = {
    metadata,
    uploads,
    blobs: stores.smallBlobs(bytes.blobs, settings.smallBlobs),
    clock,
  }
  const registry = createRegistry({
    ...options,
    wrap: (service, given) => tellOutages(wrap(service, given), watch, log),
    hash: defaultHash(),
    cursorSecret: await stores.secret('cursor'),
    stores: made,
  })
  const turns = sharedTurns((task) => stores.keyStore(`turn: ${task}`), clock)
  const endMaintenance = settings.readOnly
    ? async (): Promise<void> => {}
    : startMaintenance(registry, { ...maintenance, turns }, options.onNotice)
  return {
    registry,
    stores: made,
    note: (name) => stores.keyStore(`note: ${name}`),
    turns,
    kept: {
      fields: { database: database.place, bytes: bytes.place },
      text: `keeping names in the database ${database.place} and bytes in ${bytes.place}`,
    },
    look: watch.look,
    async close() {
      watch.close()
      // What a node leaves undone another takes up: the end of one does not wait for it.
      await Promise.race([endMaintenance(), pause(maintenanceMs)])
      await registry.close()
      await bytes.close()
      await database.close()
    },
  }
}
