// What each view of the web page costs the server, over many repositories and one of many tags:
//   npm run --silent build && node bench/page.mjs [--write]

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeMachine } from './machine.mjs'
import { fill } from './page-content.mjs'
import { pageReport } from './page-report.mjs'
import { viewsOf } from './page-views.mjs'
import { programFolder, runProgram } from './program.mjs'
import { startDatabase } from './services.mjs'

/** @import { Measured, ViewCost } from './page-report.mjs' */

const page = new URL('./RESULTS-page.md', import.meta.url)
const dist = (/** @type {string} */ path) =>
  fileURLToPath(new URL(`../dist/${path}`, import.meta.url))

const usage = `node bench/page.mjs [options]

Measures the CPU that the server takes for each view of the web page, the first time and when it is asked for again,
and the memory that all views take beside the store.

  --storage LIST    of memory, disk and postgres, one after the other (default: all)
  --tags N          in one repository (default: 100000)
  --repositories N  beside it (default: 10000)
  --times N         each view is asked for (default: 7)
  --dir FOLDER      for what is stored (default: TMPDIR)
  --json            print what was measured, of one storage
  --write           write bench/RESULTS-page.md; otherwise it is printed
`

/** @param {readonly number[]} numbers */
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0

/** The CPU of this process in milliseconds, that of its threads among it. */
function cpuMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Peak memory in MiB since it was last set back; null where that cannot be told. */
function peakMib() {
  try {
    const [, kib] = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
    return Number(kib) / 1024
  } catch {
    return null
  }
}

function forgetPeak() {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Only root may.
  }
}

/**
 * @param {string} storage
 * @param {string} folder
 */
async function openStores(storage, folder) {
  /** @type {typeof import('../src/kit.ts')} */
  const { memoryStores } = await import(dist('src/kit.js'))
  if (storage === 'memory') return { stores: memoryStores(), cpu: () => 0, end: async () => {} }
  if (storage === 'disk') {
    /** @type {typeof import('../adapters/disk/open-stores.ts')} */
    const { openDiskStores } = await import(dist('adapters/disk/open-stores.js'))
    const stores = await openDiskStores({ directory: join(folder, 'disk'), mode: 'write' })
    return { stores, cpu: () => 0, end: () => stores.close() }
  }
  /** @type {typeof import('../adapters/postgres/index.ts')} */
  const { openPostgres } = await import(dist('adapters/postgres/index.js'))
  const database = await startDatabase(join(folder, 'database'))
  const opened = await openPostgres({ url: await database.create('page') })
  const blobs = opened.smallBlobs(memoryStores().blobs)
  const end = async () => {
    await opened.close()
    await database.stop()
  }
  const { metadata, uploads } = opened
  // What it takes to look is rounded to 10 ms.
  return {
    stores: { metadata, uploads, blobs },
    cpu: () => (database.cpuSeconds() ?? 0) * 1000,
    end,
  }
}

/**
 * @param {string} storage
 * @param {{ tags: number, repositories: number, times: number, folder: string }} wanted
 * @returns {Promise<Measured>}
 */
async function measure(storage, { tags, repositories, times, folder }) {
  const { stores, cpu, end } = await openStores(storage, folder)
  /** @type {typeof import('../src/index.ts')} */
  const { createRegistry } = await import(dist('src/index.js'))
  /** @type {typeof import('../src/ui/index.ts')} */
  const { createUi } = await import(dist('src/ui/index.js'))
  /** @type {typeof import('../adapters/disk/node-hash.ts')} */
  const { nodeHash } = await import(dist('adapters/disk/node-hash.js'))
  const registry = createRegistry({ stores, hash: nodeHash })
  const ui = createUi(registry)
  const began = performance.now()
  const known = await fill(ui.fetch, tags, repositories)
  const seconds = (performance.now() - began) / 1000
  process.stderr.write(`${storage}: filled in ${seconds.toFixed(0)} s\n`)
  globalThis.gc?.()
  forgetPeak()
  const filledMib = process.memoryUsage.rss() / 2 ** 20
  /** @type {ViewCost[]} */
  const views = []
  for (const { name, path } of viewsOf(known, repositories)) {
    const spent = []
    let bytes = 0
    const before = cpu()
    for (let at = 0; at < times; at += 1) {
      const start = cpuMs()
      const headers = { accept: 'text/html', host: 'localhost' }
      const response = await ui.fetch(new Request(`http://localhost${path}`, { headers }))
      bytes = (await response.arrayBuffer()).byteLength
      spent.push(cpuMs() - start)
      if (response.status !== 200) throw new Error(`${path}: ${response.status}`)
    }
    const [first = 0, ...again] = spent
    views.push({ name, first, again: median(again), database: (cpu() - before) / times, bytes })
  }
  const peak = peakMib()
  ui.close()
  await registry.close()
  await end()
  return { storage, filledMib, moreMib: peak && Math.max(0, peak - filledMib), views }
}

await runProgram(
  usage,
  {
    storage: { type: 'string', default: 'memory,disk,postgres' },
    tags: { type: 'string', default: '100000' },
    repositories: { type: 'string', default: '10000' },
    times: { type: 'string', default: '7' },
    dir: { type: 'string', default: process.env.TMPDIR ?? '/tmp' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
  async ({ storage, tags, repositories, times, dir, json, write }) => {
    if (json) {
      const counts = {
        tags: Number(tags),
        repositories: Number(repositories),
        times: Number(times),
      }
      const folder = programFolder(dir, 'page')
      process.stdout.write(JSON.stringify(await measure(storage, { ...counts, folder })))
      return
    }
    const [before = 0] = loadavg()
    // Each in a process of its own, so that memory is that of one.
    const measured = storage.split(',').map((each) => {
      const given = Object.entries({ tags, repositories, times, dir, storage: each })
      const more = given.flatMap(([name, value]) => [`--${name}`, value])
      const words = ['--expose-gc', fileURLToPath(import.meta.url), '--json', ...more]
      const { status, stdout } = spawnSync(process.execPath, words, {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      if (status !== 0) throw new Error(`${each} failed`)
      return /** @type {Measured} */ (JSON.parse(stdout.toString()))
    })
    const [after = 0] = loadavg()
    const text = pageReport(measured, {
      ...{ tags: Number(tags), repositories: Number(repositories), times: Number(times) },
      date: new Date().toISOString().slice(0, 10),
      machine: describeMachine(),
      load: Math.max(before, after),
    })
    if (write) writeFileSync(page, text)
    else process.stdout.write(text)
  },
)
