// Layerdock and other registries over a large store: how they start with it, list it and add to it.

import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { benchFolder, chosenServers, roundsOf, sharedOptions, sharedUsage } from './choice.mjs'
import { runProgram } from './program.mjs'
import { runTable } from './run-table.mjs'
import { largeScenarios } from './scenarios/large-store.mjs'
import { seed } from './seed.mjs'
import { start } from './start.mjs'

/** @import { Contents } from './seed.mjs' */
/** @import { Server } from './types.ts' */

const sizes = {
  full: { manifests: 100_000, tagsEach: 5, repositories: 20_000, referrers: 1000, seconds: 1800 },
  quick: { manifests: 10_000, tagsEach: 5, repositories: 4000, referrers: 1000, seconds: 600 },
}

const usage = `node bench/large-store.mjs [options]
${sharedUsage}
  --seed-seconds N       how long another registry may be filled; it holds what it took by then
                         (default: 120)
`

await runProgram(
  usage,
  {
    ...sharedOptions,
    'seed-seconds': { type: 'string', default: '120' },
  },
  async (options) => {
    /** @type {'quick' | 'full'} */
    const size = options.quick ? 'quick' : 'full'
    const rounds = roundsOf(options.rounds)
    const scenarios = largeScenarios.filter(
      ({ id }) => options.only?.split(',').includes(id) ?? true,
    )
    const servers = chosenServers({ ...options, without: [...options.without, 'bare'] })
    const folder = benchFolder(options.dir, servers.length * 2 * 1024 ** 3)
    const { storage, contents } = await fill(
      servers,
      sizes[size],
      Number(options['seed-seconds']),
      folder,
    )
    const plan = { servers, scenarios, size, rounds, folder, storage }
    await runTable('bench/large-store.mjs', options, plan, contents)
  },
)

/**
 * Fills a store for each server. Layerdock's is filled once, and copied for the other runtimes.
 * @param {readonly Server[]} servers
 * @param {typeof sizes.full} size
 * @param {number} peerSeconds
 * @param {string} folder
 */
async function fill(servers, size, peerSeconds, folder) {
  /** @type {Record<string, string>} */
  const storage = {}
  /** @type {Record<string, Contents>} */
  const contents = {}
  /** @type {string | null} */
  let filled = null
  for (const server of servers) {
    const { name, kind } = server
    const own = join(folder, `store of ${name}`.replaceAll(' ', '-'))
    storage[name] = own
    if (kind === 'layerdock' && filled !== null) {
      cpSync(storage[filled] ?? '', own, { recursive: true })
      contents[name] = contents[filled] ?? { manifests: 0, tags: 0, repositories: 0, referrers: 0 }
      continue
    }
    mkdirSync(own, { recursive: true })
    const running = await start(server, join(folder, `filling ${name}`), { storage: own })
    try {
      // Several tags in one push are new in the specification; another registry takes one at a time.
      const wanted = kind === 'layerdock' ? size : { ...size, tagsEach: 1, seconds: peerSeconds }
      contents[name] = await seed(running.port, wanted, (line) => progress(`${name}: ${line}`))
    } finally {
      await running.stop()
    }
    if (kind === 'layerdock') filled = name
  }
  return { storage, contents }
}

/** @param {string} line */
function progress(line) {
  process.stderr.write(`${line}\n`)
}
