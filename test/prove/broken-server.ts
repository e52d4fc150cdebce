// A server in whose registry something is wrong, for proofs to notice: `key=value` words say what and where.
import { nodeFiles } from '../../adapters/disk/node-files.ts'
import { nodeHash } from '../../adapters/disk/node-hash.ts'
import { openDiskStore } from '../../adapters/disk/store.ts'
import { createRegistry } from '../../src/index.ts'
import { openMetadata, startMaintenance } from '../../src/kit.ts'
import { serverHere } from '../runtimes/server-here.ts'
import { type Carelessness, carelessFiles } from './careless-files.ts'
import { forgotten } from './forgotten-syncs.ts'

const words = new Map(process.argv.slice(2).map((word) => word.split('=', 2) as [string, string]))
const word = (name: string, otherwise = ''): string => words.get(name) ?? otherwise
const broken = word('broken')
const directory = word('directory')
const leaseMs = Number(word('lease-ms', '86400000'))
const manifestCacheBytes = Number(word('cache', '67108864'))

const doubles: Readonly<Record<string, Carelessness>> = {
  ...forgotten,
  'late-writes': { lateWrites: /^(?:journal\.\d+|uploads\/sessions\.\d+)$/ },
  'whole-bodies': { keptWrites: /^uploads\// },
}
const files = carelessFiles(nodeFiles, directory, doubles[broken] ?? {})
const store = await openDiskStore({ directory, files, cacheBytes: manifestCacheBytes / 4 })
const metadata = await openMetadata({ log: store.log })
const registry = createRegistry({
  stores: { blobs: store.blobs, uploads: store.uploads, metadata },
  hash: nodeHash,
  limits: { leaseMs, manifestCacheBytes },
})
const endMaintenance = startMaintenance(
  registry,
  { collectEveryMs: Number(word('collect-ms', '3600000')) },
  () => {},
)

/** What each request leaves behind. */
const kept: Uint8Array[] = []

async function fetchBroken(request: Request): Promise<Response> {
  if (broken === 'leak') kept.push(new Uint8Array(64 * 1024).fill(1))
  return registry.fetch(request)
}

const serve = await serverHere()
const serving = await serve({ fetch: fetchBroken }, { port: Number(word('port', '0')) })
process.stdout.write(`${serving.url}\n`)
process.once('SIGTERM', async () => {
  await serving.close(1000)
  await endMaintenance()
  await registry.close()
  await metadata.close()
  await store.close()
  process.exit(0)
})
