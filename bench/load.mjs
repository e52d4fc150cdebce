// The client process (client.mjs), as its parent sees it.

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** @import { Figures } from './types.ts' */
/** @import { Message } from './client.mjs' */
/** @typedef {{ done: Figures, failed?: undefined } | { failed: string }} Reply */

/**
 * @typedef {object} Load
 * @property {(message: Message) => Promise<Figures>} ask takes one step, and rejects where it failed
 * @property {() => void} stop ends the process
 */

const client = fileURLToPath(new URL('./client.mjs', import.meta.url))

/**
 * Starts a client process. After `timeoutMs` in all it is killed, and its step fails.
 * @param {number} timeoutMs
 * @returns {Load}
 */
export function startLoad(timeoutMs) {
  const child = fork(client, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  /** @type {{ resolve: (figures: Figures) => void, reject: (error: Error) => void } | null} */
  let waiting = null
  const settle = (/** @type {Reply} */ reply) => {
    const answer = waiting
    waiting = null
    if (reply.failed === undefined) answer?.resolve(reply.done)
    else answer?.reject(new Error(reply.failed))
  }
  child.on('message', (reply) => settle(/** @type {Reply} */ (reply)))
  child.on('exit', (code, signal) => settle({ failed: `the client ended with ${code ?? signal}` }))
  const timer = setTimeout(() => {
    settle({ failed: `not done in ${timeoutMs / 1000} seconds` })
    child.kill('SIGKILL')
  }, timeoutMs)
  return {
    ask: (message) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        child.send(message)
      }),
    stop() {
      clearTimeout(timer)
      child.kill('SIGKILL')
    },
  }
}
