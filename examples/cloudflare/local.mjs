// The registry on Cloudflare's runtime, on this machine:
//   node examples/cloudflare/local.mjs --port 5000 --storage-dir ./edge-data
import { parseArgs } from 'node:util'
import { Miniflare } from 'miniflare'
import { bundle, compatibility } from './bundle.mjs'

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '5000' },
    'storage-dir': { type: 'string' },
    'allow-sparse': { type: 'boolean', default: false },
  },
})
const directory = values['storage-dir']
const server = new Miniflare({
  ...compatibility,
  modules: true,
  script: await bundle(),
  bindings: { ALLOW_SPARSE: String(values['allow-sparse']) },
  r2Buckets: ['BLOBS'],
  durableObjects: { NAMES: { className: 'Names', useSQLite: true } },
  r2Persist: directory === undefined ? false : `${directory}/r2`,
  durableObjectsPersist: directory === undefined ? false : `${directory}/names`,
  // Miniflare's own socket compresses JSON and drops Content-Length.
  unsafeDirectSockets: [{ host: values.host, port: Number(values.port) }],
})
const { port } = await server.unsafeGetDirectURL()
process.stdout.write(`listening on http://${values.host}:${port}\n`)
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => void server.dispose())
}
