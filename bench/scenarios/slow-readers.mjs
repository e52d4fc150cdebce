import { Caller } from '../caller.mjs'
import { blobMaker } from '../content.mjs'
import { atOnce } from '../timing.mjs'

const readBytes = 16 * 1024
const pauseMs = 500

/**
 * Readers that take a bite of a blob and then look away for half a second, until `seconds` are over:
 * a server that reads ahead for each of them holds it all in memory.
 */
export const slowReaders = {
  id: 'slow-readers',
  title: ({ clients }) => `${clients} slow readers at once`,
  unit: 'MB/s',
  async prepare(port, { clients, bytes, seconds }) {
    const quick = new Caller(port, 'bench/slow-readers')
    const blob = blobMaker(bytes)()
    await quick.pushBlob(blob)
    const readers = Array.from(
      { length: clients },
      () => new Caller(port, 'bench/slow-readers', readBytes),
    )
    return {
      async run() {
        let taken = 0
        let started = 0
        const pulls = atOnce(clients, async (client) => {
          let seen = false
          await readers[client].pullBlob(blob, (piece) => {
            if (!seen) started++
            seen = true
            taken += piece.length
            readers[client].pause()
          })
        })
        const startedAt = performance.now()
        const rounds = (seconds * 1000) / pauseMs
        const over = (async () => {
          for (let round = 0; round < rounds; round++) {
            await new Promise((resolve) => setTimeout(resolve, pauseMs))
            for (const reader of readers) reader.resume()
          }
        })()
        // A reader that fails ends the measurement; one that ends early was too small a blob.
        await Promise.race([over, pulls])
        pulls.catch(() => {})
        if (started < clients)
          throw new Error(`only ${started} of ${clients} readers got any bytes`)
        return { times: [], seconds: (performance.now() - startedAt) / 1000, bytes: taken }
      },
      async check() {
        // With all of them still there, a reader in a hurry is served, and rightly.
        await quick.verifyBlob(blob)
        for (const reader of readers) reader.close()
      },
    }
  },
}
