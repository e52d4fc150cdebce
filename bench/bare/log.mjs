// One file that bytes are appended to, with one write and one flush for all who wait: as little as a
// push can cost that is on disk when it is answered.

import { fdatasync, openSync, writev } from 'node:fs'
import { promisify } from 'node:util'

const write = promisify(writev)
const flush = promisify(fdatasync)

/**
 * @param {string} path
 * @returns {(bytes: Buffer) => Promise<void>} appends, and resolves once the bytes are on disk
 */
export function durableLog(path) {
  const file = openSync(path, 'a')
  /** @type {{ bytes: Buffer, resolve: () => void, reject: (error: unknown) => void }[]} */
  let waiting = []
  let busy = false

  const work = async () => {
    busy = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        await write(
          file,
          batch.map(({ bytes }) => bytes),
        )
        await flush(file)
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    busy = false
  }

  return (bytes) =>
    new Promise((resolve, reject) => {
      waiting.push({ bytes, resolve, reject })
      if (!busy) work()
    })
}
