import { Caller } from '../caller.mjs'
import { blobMaker } from '../content.mjs'
import { repeatTimes } from '../timing.mjs'

const mib = 1024 * 1024

export const pullOne = road('pull-one', 'pull 512 MiB', 1, 4)
export const pullEight = road('pull-eight', 'pull 8 × 512 MiB at once', 8, 1)

function road(id, title, clients, times) {
  return {
    id,
    title,
    unit: 'MB/s',
    sizes: {
      full: { clients, bytes: 512 * mib, times },
      quick: { clients, bytes: 128 * mib, times },
    },
    async prepare(port, { clients, bytes, times }) {
      const callers = Array.from({ length: clients }, () => new Caller(port, `bench/${id}`, mib))
      const blob = blobMaker(bytes)()
      await callers[0].pushBlob(blob)
      // This is the check of the bytes and the warm-up in one.
      await callers[0].verifyBlob(blob)
      return {
        run: async () => ({
          ...(await repeatTimes(times, clients, (client) => callers[client].pullBlob(blob))),
          bytes: clients * times * bytes,
        }),
        check: async () => {},
      }
    },
  }
}
