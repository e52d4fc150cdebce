import { cpus, release, totalmem } from 'node:os'
import { runtimeVersion } from './servers.mjs'

/** @import { Server } from './types.ts' */

/** The machine, in the words that stand above a table. */
export function describeMachine() {
  const cores = cpus()
  const memory = Math.round(totalmem() / 1024 ** 3)
  return `${cores.length} × ${cores[0]?.model.trim()}, ${memory} GiB, ${process.platform} ${release()}`
}

/**
 * The versions of the runtimes that these servers run on.
 * @param {readonly Server[]} servers
 * @returns {string[]}
 */
export function describeRuntimes(servers) {
  const runtimes = new Set(servers.flatMap(({ runtime }) => runtime ?? []))
  return [...runtimes].map(
    (runtime) => `${runtime[0]?.toUpperCase()}${runtime.slice(1)} ${runtimeVersion(runtime)}`,
  )
}
