import { Caller, makeCallers } from '../caller.mjs'
import { blobMaker } from '../content.mjs'

/** @import { Scenario } from '../types.ts' */

const readBytes = 16 * 1024
const pauseMs = 500

/**
 * Readers that read a little of a blob and then pause for half a second, until `seconds` are over: a
 * server that reads ahead for each of them holds it all in memory.
 * @type {Scenario<{ clients: number, bytes: number, seconds: number }>}
 */
export const slowReaders = {
  id: 'slow-readers',
  title: ({ clients }) => `${clients} slow readers at once`,
  unit: 'MB/s',
  async prepare(port, { clients, bytes, seconds }) {
    const quick = new Caller(port, 'bench/slow-readers')
    const blob = blobMaker(bytes)()
    await quick.pushBlob(blob)
    const readers = makeCallers(clients, port, 'bench/slow-readers', {
      bufferBytes: readBytes,
    })
    return {
      async run() {
        let taken = 0
        let started = 0
        const pull = async (/** @type {Caller} */ reader) => {
          let seen = false
          await reader.pullBlob(blob, (piece) => {
            if (!seen) started++
            seen = true
            taken += piece.length
            reader.pause()
          })
        }
        const pulls = Promise.all(readers.map(pull))
        const startedAt = performance.now()
        const rounds = (seconds * 1000) / pauseMs
        const over = (async () => {
          for (let round = 0; round < rounds; round++) {
            await new Promise((resolve) => setTimeout(resolve, pauseMs))
            for (const reader of readers) reader.resume()
          }
        })()
        // A reader that fails ends the measurement; one that ends early had too small a blob.
        await Promise.race([over, pulls])
        pulls.catch(() => {})
        if (started < clients)
          throw new Error(`only ${started} of ${clients} readers got any bytes`)
        return { times: [], seconds: (performance.now() - startedAt) / 1000, bytes: taken }
      },
      async check() {
        // With all of them still there, a fast reader must be served, and with the right bytes.
        await quick.verifyBlob(blob)
        for (const reader of readers) reader.close()
      },
    }
  },
}
