import { makeCallers } from '../caller.mjs'
import { blobMaker, imageManifest } from '../content.mjs'
import { repeatFor } from '../timing.mjs'

/** @import { TableScenario, Variant } from '../types.ts' */

const clients = 32
const tag = 'latest'

export const manifestGet = scenario('manifest-get', 'GET', 'manifest GET by tag')
export const manifestHead = scenario('manifest-head', 'HEAD', 'manifest HEAD by tag')
export const manifestGetLogged = scenario(
  'manifest-get-log',
  'GET',
  'manifest GET by tag, with an access log',
  'log',
)
export const manifestGetSecure = scenario(
  'manifest-get-tls',
  'GET',
  'manifest GET by tag, HTTPS',
  'tls',
)

/**
 * @param {string} id
 * @param {'GET' | 'HEAD'} method
 * @param {string} title
 * @param {Variant} [variant]
 * @returns {TableScenario<{ seconds: number, operations?: number, warmUp: number }>}
 */
function scenario(id, method, title, variant) {
  return {
    id,
    title: () => `${title}, ${clients} clients`,
    ...(variant === undefined ? {} : { variant }),
    bare: true,
    unit: '/s',
    sizes: { full: { seconds: 3, warmUp: 1 }, quick: { seconds: 1, warmUp: 0.5 } },
    async prepare(port, { warmUp, ...span }) {
      const callers = makeCallers(clients, port, `bench/${id}`, {
        secure: variant === 'tls',
      })
      const blobs = Array.from({ length: 4 }, blobMaker(1024))
      const manifest = imageManifest(blobs, tag)
      for (const blob of blobs) await callers[0].pushBlob(blob)
      await callers[0].pushManifest(tag, manifest)
      const readers = callers.map((caller) => caller.manifestReader(method, tag, manifest))
      await repeatFor(warmUp, readers, (read) => read())
      return {
        run: () => repeatFor(span, readers, (read) => read()),
        async check() {
          /** @type {Buffer[]} */
          const pieces = []
          const read = callers[0].manifestReader('GET', tag, manifest)
          await read((piece) => pieces.push(Buffer.from(piece)))
          if (!Buffer.concat(pieces).equals(manifest.bytes))
            throw new Error('another manifest came back')
        },
      }
    },
  }
}
