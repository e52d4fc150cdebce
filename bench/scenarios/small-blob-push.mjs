import { Caller } from '../caller.mjs'
import { blobMaker } from '../content.mjs'
import { repeatFor } from '../timing.mjs'

const clients = 16

export const smallBlobPush = {
  id: 'small-blob-push',
  title: () => `10 KiB blob push, ${clients} clients`,
  unit: '/s',
  sizes: { full: { seconds: 3, warmUp: 1 }, quick: { seconds: 1, warmUp: 0.5 } },
  async prepare(port, { seconds, warmUp }) {
    const callers = Array.from({ length: clients }, () => new Caller(port, 'bench/small-blobs'))
    const make = blobMaker(10 * 1024)
    await repeatFor(warmUp, clients, (client) => callers[client].pushBlob(make()))
    const made = Array.from({ length: seconds * 5000 }, make)
    const sample = make()
    return {
      run: () =>
        repeatFor(seconds, clients, (client) => callers[client].pushBlob(made.pop() ?? make())),
      async check() {
        await callers[0].pushBlob(sample)
        await callers[0].verifyBlob(sample)
      },
    }
  },
}
