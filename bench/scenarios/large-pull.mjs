import { makeCallers } from '../caller.mjs'
import { blobMaker } from '../content.mjs'
import { repeatTimes } from '../timing.mjs'

/** @import { TableScenario, Variant } from '../types.ts' */

const mib = 1024 * 1024

export const pullOne = scenario('pull-one', 1, 4)
export const pullEight = scenario('pull-eight', 8, 1)
/** Only on servers that lead to a bucket. */
export const pullRedirected = scenario('pull-redirect', 1, 4, 'redirect')

/**
 * @param {string} id
 * @param {number} readers
 * @param {number} repeats how often each reader pulls
 * @param {Variant} [variant]
 * @returns {TableScenario<{ clients: number, bytes: number, times: number }>}
 */
function scenario(id, readers, repeats, variant) {
  const how = variant === 'redirect' ? ', from the bucket by a redirect' : ''
  return {
    id,
    ...(variant === undefined ? {} : { variant }),
    title: ({ clients, bytes }) =>
      clients === 1
        ? `pull ${bytes / mib} MiB${how}`
        : `pull ${clients} × ${bytes / mib} MiB at once${how}`,
    unit: 'MB/s',
    sizes: {
      full: { clients: readers, bytes: 512 * mib, times: repeats },
      quick: { clients: readers, bytes: 128 * mib, times: repeats },
    },
    async prepare(port, { clients, bytes, times }) {
      const callers = makeCallers(clients, port, `bench/${id}`, { bufferBytes: mib })
      const blob = blobMaker(bytes)()
      await callers[0].pushBlob(blob)
      // This is the check of the bytes and the warm-up in one.
      await callers[0].verifyBlob(blob)
      return {
        run: async () => ({
          ...(await repeatTimes(times, callers, (caller) => caller.pullBlob(blob))),
          bytes: clients * times * bytes,
        }),
        check: async () => {},
      }
    },
  }
}
