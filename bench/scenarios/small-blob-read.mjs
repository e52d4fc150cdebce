import { makeCallers } from '../caller.mjs'
import { blobMaker } from '../content.mjs'
import { repeatFor } from '../timing.mjs'

/** @import { Caller } from '../caller.mjs' */
/** @import { Blob, TableScenario } from '../types.ts' */

const clients = 16
// More than one, since clients ask for different blobs.
const blobs = 256

export const smallBlobGet = scenario(
  'small-blob-get',
  `10 KiB blob GET, ${clients} clients`,
  (caller, blob) => caller.pullBlob(blob),
)
export const blobHead = scenario('blob-head', `blob HEAD, ${clients} clients`, (caller, blob) =>
  caller.mustHaveBlob(blob.digest),
)

/**
 * @param {string} id
 * @param {string} title
 * @param {(caller: Caller, blob: Blob) => Promise<unknown>} read
 * @returns {TableScenario<{ seconds: number, operations?: number, warmUp: number }>}
 */
function scenario(id, title, read) {
  return {
    id,
    title: () => title,
    bare: true,
    unit: '/s',
    sizes: { full: { seconds: 3, warmUp: 1 }, quick: { seconds: 1, warmUp: 0.5 } },
    async prepare(port, { warmUp, ...span }) {
      const callers = makeCallers(clients, port, `bench/${id}`)
      const [first, ...rest] = Array.from({ length: blobs }, blobMaker(10 * 1024))
      if (first === undefined) throw new Error('there is no blob to read')
      const all = [first, ...rest]
      for (const blob of all) await callers[0].pushBlob(blob)
      let number = 0
      const readNext = (/** @type {Caller} */ caller) =>
        read(caller, all[number++ % blobs] ?? first)
      await repeatFor(warmUp, callers, readNext)
      return {
        run: () => repeatFor(span, callers, readNext),
        check: () => callers[0].verifyBlob(first),
      }
    },
  }
}
