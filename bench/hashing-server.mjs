// A registry for hashing.mjs: its hash and its store are chosen, and it is told the port by a message.

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** @import { BlobStore, StagedBlob } from '../src/kit.ts' */

const { values } = parseArgs({
  options: {
    hash: { type: 'string', default: 'inline' },
    store: { type: 'string', default: 'disk' },
    dir: { type: 'string', default: '' },
  },
})

const built = (/** @type {string} */ path) =>
  fileURLToPath(new URL(`../dist/adapters/${path}`, import.meta.url))
/** @type {typeof import('../adapters/node-fs/index.ts')} */
const { nodeHash, openRegistry, serve } = await import(built('node-fs/index.js'))
/** @type {typeof import('../adapters/disk/threaded-hash.ts')} */
const { threadedHash } = await import(built('disk/threaded-hash.js'))

const registry = await openRegistry({
  directory: values.dir,
  hash: values.hash === 'thread' ? threadedHash() : nodeHash,
  ...(values.store === 'none' ? { blobs: nowhere() } : {}),
})
const serving = await serve(registry, { port: 0 })
process.send?.(serving.port)
process.once('SIGTERM', async () => {
  await serving.close()
  await registry.close()
  process.exit(0)
})

/**
 * Takes bytes and keeps none: what is left of a push is receiving and hashing.
 * @returns {BlobStore}
 */
function nowhere() {
  let commits = 0
  return {
    async stage() {
      let size = 0
      /** @type {StagedBlob} */
      const staged = {
        get size() {
          return size
        },
        write(chunk) {
          size += chunk.byteLength
        },
        suspend: async () => ({ size }),
        read: () => new ReadableStream({ start: (controller) => controller.close() }),
        commit: async (digest) => ({ digest, size, key: `nowhere/${commits++}` }),
        discard: async () => {},
      }
      return staged
    },
    open: async () => null,
    delete: async () => false,
    async *list() {},
    close: async () => {},
  }
}
