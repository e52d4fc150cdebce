import { Caller } from '../caller.mjs'
import { blobMaker } from '../content.mjs'
import { repeatTimes } from '../timing.mjs'

const mib = 1024 * 1024
// Of many blobs pushed at once, as many are read back.
const checked = 4
const withLength = (caller, blob) => caller.pushBlob(blob)
const inChunks = (caller, blob) => caller.pushBlobChunked(blob)

export const pushWithLength = road('push-length', 'with a length', 1, 512, withLength)
export const pushChunked = road('push-chunked', 'chunked', 1, 512, inChunks)
export const pushFour = road('push-four', 'with a length', 4, 256, withLength)

function road(id, how, uploads, sizeMib, push) {
  return {
    id,
    title: ({ clients, bytes }) =>
      clients === 1
        ? `push ${bytes / mib} MiB ${how}`
        : `push ${clients} × ${bytes / mib} MiB ${how}, at once`,
    unit: 'MB/s',
    sizes: {
      full: { clients: uploads, bytes: sizeMib * mib },
      quick: { clients: uploads, bytes: (sizeMib / 4) * mib },
    },
    async prepare(port, { clients, bytes }) {
      const callers = Array.from({ length: clients }, () => new Caller(port, `bench/${id}`, mib))
      const blobs = Array.from({ length: clients }, blobMaker(bytes))
      await push(callers[0], blobMaker(8 * mib)())
      return {
        run: async () => ({
          ...(await repeatTimes(1, clients, (client) => push(callers[client], blobs[client]))),
          bytes: clients * bytes,
        }),
        check: async () => {
          for (const blob of blobs.slice(0, checked)) await callers[0].verifyBlob(blob)
        },
      }
    },
  }
}
