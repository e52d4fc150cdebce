import { makeCallers } from '../caller.mjs'
import { blobMaker } from '../content.mjs'
import { repeatFor } from '../timing.mjs'

/** @import { TableScenario } from '../types.ts' */

const clients = 16

/** @type {TableScenario<{ seconds: number, warmUp: number }>} */
export const smallBlobPush = {
  id: 'small-blob-push',
  title: () => `10 KiB blob push, ${clients} clients`,
  unit: '/s',
  sizes: { full: { seconds: 3, warmUp: 1 }, quick: { seconds: 1, warmUp: 0.5 } },
  async prepare(port, { seconds, warmUp }) {
    const callers = makeCallers(clients, port, 'bench/small-blobs')
    const make = blobMaker(10 * 1024)
    await repeatFor(warmUp, callers, (caller) => caller.pushBlob(make()))
    const made = Array.from({ length: seconds * 5000 }, make)
    const sample = make()
    return {
      run: () => repeatFor(seconds, callers, (caller) => caller.pushBlob(made.pop() ?? make())),
      async check() {
        await callers[0].pushBlob(sample)
        await callers[0].verifyBlob(sample)
      },
    }
  },
}
