import { makeCallers } from '../caller.mjs'
import { blobMaker } from '../content.mjs'
import { repeatFor } from '../timing.mjs'

/** @import { Caller } from '../caller.mjs' */
/** @import { Blob, TableScenario } from '../types.ts' */

const clients = 16

export const smallBlobPush = scenario('small-blob-push', '', (caller, blob) =>
  caller.pushBlob(blob),
)
export const smallBlobPatch = scenario(
  'small-blob-patch',
  ' as docker pushes (POST, PATCH, PUT)',
  (caller, blob) => caller.pushBlobChunked(blob),
)
export const smallBlobPost = scenario('small-blob-post', ' in a single POST', (caller, blob) =>
  caller.pushBlobInPost(blob),
)

/**
 * @param {string} id
 * @param {string} style for the title
 * @param {(caller: Caller, blob: Blob) => Promise<void>} push
 * @returns {TableScenario<{ seconds: number, operations?: number, warmUp: number }>}
 */
function scenario(id, style, push) {
  return {
    id,
    title: () => `10 KiB blob push${style}, ${clients} clients`,
    bare: true,
    unit: '/s',
    sizes: { full: { seconds: 3, warmUp: 1 }, quick: { seconds: 1, warmUp: 0.5 } },
    async prepare(port, { warmUp, ...span }) {
      const callers = makeCallers(clients, port, `bench/${id}`)
      const make = blobMaker(10 * 1024)
      await repeatFor(warmUp, callers, (caller) => push(caller, make()))
      const made = Array.from({ length: span.operations ?? span.seconds * 5000 }, make)
      const sample = make()
      return {
        run: () => repeatFor(span, callers, (caller) => push(caller, made.pop() ?? make())),
        async check() {
          await push(callers[0], sample)
          await callers[0].verifyBlob(sample)
        },
      }
    },
  }
}
