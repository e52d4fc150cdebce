import { makeCallers } from '../caller.mjs'
import { blobMaker } from '../content.mjs'
import { repeatTimes } from '../timing.mjs'

/** @import { Caller } from '../caller.mjs' */
/** @import { Blob, TableScenario } from '../types.ts' */
/** @typedef {(caller: Caller, blob: Blob) => Promise<void>} Push */

const mib = 1024 * 1024
// How many of the blobs are read back.
const checked = 4
/** @type {Push} */
const withLength = (caller, blob) => caller.pushBlob(blob)
/** @type {Push} */
const inChunks = (caller, blob) => caller.pushBlobChunked(blob)

export const pushWithLength = scenario('push-length', 'with a length', 1, 512, withLength)
export const pushChunked = scenario('push-chunked', 'chunked', 1, 512, inChunks)
export const pushFour = scenario('push-four', 'with a length', 4, 256, withLength)
export const pushMany = scenario('push-64', 'with a length', 64, 16, withLength)

/**
 * @param {string} id
 * @param {string} how for the title
 * @param {number} uploads at once
 * @param {number} sizeMib of each
 * @param {Push} push
 * @returns {TableScenario<{ clients: number, bytes: number }>}
 */
function scenario(id, how, uploads, sizeMib, push) {
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
      const callers = makeCallers(clients, port, `bench/${id}`, { bufferBytes: mib })
      const make = blobMaker(bytes)
      /** @type {{ caller: Caller, blob: Blob }[]} */
      let pairs = []
      await push(callers[0], blobMaker(8 * mib)())
      return {
        async run() {
          pairs = callers.map((caller) => ({ caller, blob: make() }))
          const timed = await repeatTimes(1, pairs, ({ caller, blob }) => push(caller, blob))
          return { ...timed, bytes: clients * bytes }
        },
        check: async () => {
          for (const { blob } of pairs.slice(0, checked)) await callers[0].verifyBlob(blob)
        },
      }
    },
  }
}
