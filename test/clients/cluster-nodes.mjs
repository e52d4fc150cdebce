// The nodes of a cluster, each a process of its own, and whoever ends them while they work.
import { startProgram } from '../../conformance/servers.mjs'

/** One node, which is started again on the same port. */
export class Node {
  /** @type {import('../../conformance/servers.mjs').RunningServer | null} */
  #running = null
  #spent = ''

  /**
   * @param {object} given
   * @param {readonly string[]} given.command the runtime, its arguments, and the program
   * @param {readonly string[]} given.args of `serve`, without the address
   * @param {Record<string, string>} given.env
   * @param {string} given.host `127.0.0.1:PORT`
   */
  constructor({ command, args, env, host }) {
    this.host = host
    this.command = command
    this.args = args
    this.env = env
  }

  /** @param {readonly string[]} [args] in place of those that it had */
  async start(args = this.args) {
    const [program = '', ...before] = this.command
    const serve = [...before, 'serve', '--listen', this.host, ...args]
    this.#running = await startProgram(program, serve, this.host, this.env)
  }

  /** Ends it at once (SIGKILL), or asks it to end (SIGTERM). @param {'kill' | 'stop'} how */
  async end(how) {
    const running = this.#running
    if (running === null) return
    await running[how]()
    this.#spent += running.output()
    this.#running = null
  }

  /** @returns {string} what it has printed, in all its lives */
  output() {
    return this.#spent + (this.#running?.output() ?? '')
  }
}

/**
 * Ends one node after another, and starts each again, until `done` says so. Never is more than one away.
 * @param {readonly Node[]} nodes
 * @param {object} given
 * @param {'kill' | 'stop'} given.how
 * @param {number} given.everyMs from one end to the next, at least
 * @param {() => boolean} given.done
 * @param {(end: number) => Promise<void>} [given.between] called after each, with how many there were
 * @returns {Promise<number>} how often a node was ended
 */
export async function endInTurn(nodes, { how, everyMs, done, between }) {
  let ends = 0
  while (true) {
    const next = performance.now() + everyMs
    while (performance.now() < next) {
      if (done()) return ends
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const node = nodes[ends % nodes.length]
    await node?.end(how)
    await node?.start()
    ends += 1
    await between?.(ends)
  }
}
