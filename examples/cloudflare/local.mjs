// The registry on Cloudflare's runtime, on this machine:
//   node examples/cloudflare/local.mjs --port 5000 --storage-dir ./edge-data
// It also takes the words of `layerdock serve`, so that the suites can start it like any runtime.
import { parseArgs } from 'node:util'
import { Miniflare } from 'miniflare'
import { bundle, compatibility } from './bundle.mjs'

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '5000' },
    listen: { type: 'string' },
    memory: { type: 'boolean', default: false },
    'storage-dir': { type: 'string' },
    'allow-sparse': { type: 'boolean', default: false },
  },
})
const { hostname, port } = new URL(`http://${values.listen ?? `127.0.0.1:${values.port}`}`)
const directory = values.memory ? undefined : values['storage-dir']
const server = new Miniflare({
  ...compatibility,
  modules: true,
  script: await bundle(),
  bindings: { OPEN: 'true', ALLOW_SPARSE: String(values['allow-sparse']) },
  r2Buckets: ['BLOBS'],
  durableObjects: { NAMES: { className: 'Names', useSQLite: true } },
  r2Persist: directory === undefined ? false : `${directory}/r2`,
  durableObjectsPersist: directory === undefined ? false : `${directory}/names`,
  // Miniflare's own socket compresses JSON and drops Content-Length.
  unsafeDirectSockets: [{ host: hostname, port: Number(port || 80) }],
})
const { port: chosen } = await server.unsafeGetDirectURL()
process.stdout.write(`listening on http://${hostname}:${chosen}\n`)
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => void server.dispose())
}
