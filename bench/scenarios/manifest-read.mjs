import { Caller } from '../caller.mjs'
import { blobMaker, imageManifest } from '../content.mjs'
import { repeatFor } from '../timing.mjs'

const clients = 32
const tag = 'latest'

export const manifestGet = road('GET', 'manifest-get', `manifest GET by tag, ${clients} clients`)
export const manifestHead = road(
  'HEAD',
  'manifest-head',
  `manifest HEAD by tag, ${clients} clients`,
)

function road(method, id, title) {
  return {
    id,
    title: () => title,
    unit: '/s',
    sizes: { full: { seconds: 3, warmUp: 1 }, quick: { seconds: 1, warmUp: 0.5 } },
    async prepare(port, { seconds, warmUp }) {
      const callers = Array.from({ length: clients }, () => new Caller(port, `bench/${id}`))
      const blobs = Array.from({ length: 4 }, blobMaker(1024))
      const manifest = imageManifest(blobs, tag)
      for (const blob of blobs) await callers[0].pushBlob(blob)
      await callers[0].pushManifest(tag, manifest)
      const readers = callers.map((caller) => caller.manifestReader(method, tag, manifest))
      await repeatFor(warmUp, clients, (client) => readers[client]())
      return {
        run: () => repeatFor(seconds, clients, (client) => readers[client]()),
        async check() {
          const pieces = []
          await callers[0].manifestReader(
            'GET',
            tag,
            manifest,
          )((piece) => pieces.push(Buffer.from(piece)))
          if (!Buffer.concat(pieces).equals(manifest.bytes))
            throw new Error('another manifest came back')
        },
      }
    },
  }
}
