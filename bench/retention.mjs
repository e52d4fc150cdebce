// What a run of retention over one repository holds in memory, and what it costs:
//   npm run --silent build && node --expose-gc bench/retention.mjs [manifests]
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'

const dist = (/** @type {string} */ path) =>
  fileURLToPath(new URL(`../dist/${path}`, import.meta.url))
/** @type {typeof import('../src/index.ts')} */
const { createRegistry } = await import(dist('src/index.js'))
/** @type {typeof import('../src/kit.ts')} */
const { memoryStores } = await import(dist('src/kit.js'))
/** @type {typeof import('../src/retention/index.ts')} */
const { parseRetention, retention } = await import(dist('src/retention/index.js'))

const manifests = Number(process.argv[2] ?? 100_000)
const collect = /** @type {() => void} */ (globalThis.gc)
if (collect === undefined) throw new Error('node --expose-gc bench/retention.mjs')

const rules = [
  { repositories: '**', tags: '*', keep: { newestVersions: manifests / 100 }, delete: 'others' },
]
const { policy } = parseRetention(JSON.stringify({ rules }))
if (policy === null) throw new Error('the policy is wrong')

const stores = memoryStores()
const registry = createRegistry({ stores })
const repository = /** @type {any} */ ('team/app')
const mediaType = 'application/vnd.oci.image.manifest.v1+json'
for (let number = 0; number < manifests; number += 1) {
  const hex = createHash('sha256').update(String(number)).digest('hex')
  const digest = /** @type {any} */ (`sha256:${hex}`)
  await stores.metadata.putManifest(repository, {
    record: {
      ...{ digest, size: 100, mediaType, references: [] },
      blob: { digest, size: 100, key: String(number) },
    },
    tags: [/** @type {any} */ (`v1.0.${number}`)],
    immutable: [],
    requires: [],
  })
}

/** In MiB. */
function heap() {
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}

for (const dryRun of [true, false]) {
  const before = heap()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, heap())
  }, 500)
  const { tags } = await retention({ registry, stores, policy }).run({ dryRun })
  clearInterval(timer)
  const held = (most - before).toFixed(0)
  const what = dryRun ? 'dry run' : 'run'
  process.stdout.write(
    `${what}: ${tags} of ${manifests} tags go; ${held} MiB held at most, beside the store\n`,
  )
}
await registry.close()
