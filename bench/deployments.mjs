// Registries that keep everything in a database and a bucket which they share: how one is started, as one node or
// as several with a balancer before them.

import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { hasBalancer, startBalancer } from './balancer.mjs'
import { cpuSeconds } from './process-usage.mjs'
import { layerdockNode, onBucket } from './servers.mjs'
import { start } from './start.mjs'

/** @import { Bucket, Database } from './services.mjs' */
/** @import { Starting } from './start.mjs' */
/** @import { RunningServer, Server } from './types.ts' */
/** @typedef {Server & { nodes: number }} Deployment */

/**
 * @typedef {object} Surroundings
 * @property {Database} database
 * @property {Bucket} bucket
 * @property {string} [endpoint] how servers reach the bucket, where that is another way
 * @property {(() => Readonly<Record<string, number>>)} [calls] how many calls of each kind the bucket has had
 * @property {boolean} [countsStatements] whether those of the database are counted
 * @property {boolean} [balanced] whether HAProxy stands before several nodes, where it is installed; otherwise
 *   clients ask them in turns (default: true)
 */

/**
 * What is measured: Layerdock as many nodes and as one, and other registries over the same bucket.
 * @param {object} options
 * @param {readonly number[]} options.nodes how many nodes of Layerdock
 * @param {string} options.runtime
 * @param {readonly Server[]} options.peers
 * @returns {Deployment[]}
 */
export function deploymentsOf({ nodes, runtime, peers }) {
  const deployed = (/** @type {number} */ count) => {
    const node = layerdockNode(runtime)
    const name = count === 1 ? 'layerdock, 1 node' : `layerdock, ${count} nodes`
    // Who reads from the bucket does so alike, however many nodes there are.
    return { ...node, name, nodes: count, variants: count === 1 ? node.variants : {} }
  }
  return [
    ...nodes.map(deployed),
    ...peers.flatMap((peer) => {
      const server = onBucket(peer)
      return server === null ? [] : [{ ...server, nodes: 1 }]
    }),
  ]
}

/**
 * A function that starts deployments as `start` does servers. Each has a database and a part of the bucket of its
 * own, which are named as `storage` says, or else as its folder, and made if they are not there.
 * @param {Surroundings} surroundings
 * @returns {(deployment: Server & { nodes?: number }, dir: string, starting?: Starting) => Promise<RunningServer>}
 */
export function starter(surroundings) {
  /** @type {Map<string, string>} */
  const databases = new Map()
  return async (deployment, dir, { storage, ...starting } = {}) => {
    const { database, bucket, endpoint } = surroundings
    const store = storage ?? storeName(dir)
    const at = bucket.at(store, endpoint)
    if (deployment.kind === 'layerdock' && !databases.has(store)) {
      databases.set(store, await database.create(store))
    }
    const url = databases.get(store)
    const shared = url === undefined ? { bucket: at } : { bucket: at, database: url }
    const { nodes: count = 1 } = deployment
    mkdirSync(dir, { recursive: true })
    /** @type {RunningServer[]} */
    const nodes = []
    for (let number = 1; number <= count; number++) {
      nodes.push(await start(deployment, join(dir, `node ${number}`), { ...starting, shared }))
    }
    return together(deployment.name, nodes, dir, surroundings)
  }
}

/**
 * @param {string} dir
 */
export function storeName(dir) {
  return basename(dir)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
}

/**
 * @param {string} name
 * @param {RunningServer[]} nodes
 * @param {string} dir
 * @param {Surroundings} surroundings
 * @returns {Promise<RunningServer>}
 */
async function together(name, nodes, dir, surroundings) {
  const { database, bucket, calls, countsStatements = false, balanced = true } = surroundings
  const [first] = nodes
  if (first === undefined) throw new Error(`${name} has no nodes`)
  const ports = nodes.map(({ port }) => port)
  const isBalanced = balanced && nodes.length > 1 && hasBalancer()
  const balancer = isBalanced ? await startBalancer(ports, join(dir, 'balancer')) : null
  return {
    ...first,
    name,
    dir,
    target: balancer?.port ?? (ports.length === 1 ? first.port : ports),
    pids: nodes.map(({ pid }) => pid),
    beside: async () => ({
      databaseCpuSeconds: database.cpuSeconds(),
      bucketCpuSeconds: bucket.cpuSeconds(),
      ...(balancer === null ? {} : { balancerCpuSeconds: cpuSeconds(balancer.pid) }),
      ...(countsStatements ? { sqlStatements: await database.statements() } : {}),
      ...calls?.(),
    }),
    async stop() {
      await balancer?.stop()
      await Promise.all(nodes.map((node) => node.stop()))
    },
    ended: () => nodes.map((node) => node.ended()).find((how) => how !== null) ?? null,
  }
}
