// A registry of several nodes behind a balancer that sends each request to another one.
import { startRoundRobin } from './round-robin.mjs'
import { entryPath, freePorts, startProgram } from './servers.mjs'

/**
 * @param {object} given
 * @param {import('./services.mjs').Services} given.services where it gets an empty database and an empty part of a bucket
 * @param {readonly string[]} given.command the runtime's executable, and its own arguments
 * @param {string} given.entry
 * @param {readonly string[]} given.args more arguments for `serve`
 * @param {number} given.count of nodes
 * @returns {Promise<{ host: string, stop: () => Promise<void> }>} of the balancer, and all of it
 */
export async function openNodes({ services, command, entry, args, count }) {
  const [program = '', ...before] = command
  const place = await services.fresh()
  const serve = [...before, entryPath(entry), 'serve', ...place.args, ...args]
  /** @type {import('./servers.mjs').RunningServer[]} */
  const running = []
  const stopAll = () => Promise.all(running.map((node) => node.stop()))
  try {
    for (const port of await freePorts(count)) {
      // Told where it listens, since it names the database's port as well.
      const host = `127.0.0.1:${port}`
      running.push(await startProgram(program, [...serve, '--listen', host], host, services.env))
    }
  } catch (error) {
    await stopAll()
    throw error
  }
  const balancer = await startRoundRobin(running.map(({ host }) => host))
  return {
    host: balancer.host,
    async stop() {
      await balancer.stop()
      await stopAll()
    },
  }
}
