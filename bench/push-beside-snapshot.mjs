// What a large push loses to a snapshot of the names: manifests are pushed until one begins, then a blob.

import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programOptions } from '../conformance/program-options.mjs'
import { makeCallers } from './caller.mjs'
import { flushDisk } from './cell.mjs'
import { blobMaker, imageManifest } from './content.mjs'
import { median } from './figures.mjs'
import { cpuMicros } from './process-usage.mjs'
import { number, textTable } from './report.mjs'
import { layerdockBuild } from './servers.mjs'
import { start } from './start.mjs'

/** @import { Caller } from './caller.mjs' */
/** @import { RunningServer, Server } from './types.ts' */

/**
 * @typedef {object} Sample in milliseconds
 * @property {number} alone a push with nothing beside it
 * @property {number} aloneCpu the server's CPU meanwhile
 * @property {number} beside a push that began with the snapshot
 * @property {number} besideCpu
 * @property {number} snapshot from its beginning to its end
 */

const mib = 1024 * 1024
const writers = 32

const usage = `node bench/push-beside-snapshot.mjs [options]

  --build NAME=FOLDER   a checkout (for Node a built one); may be repeated (default: this one)
  --runtime NAME        node, bun or deno (default: node)
  --mib N               size of the push (default: 128)
  --rounds N            fresh servers of each build, in turns (default: 5)
  --dir FOLDER          where they keep things (default: ${tmpdir()})
`

const options = programOptions(usage, {
  build: { type: 'string', multiple: true, default: ['layerdock=.'] },
  runtime: { type: 'string', default: 'node' },
  mib: { type: 'string', default: '128' },
  rounds: { type: 'string', default: '5' },
  dir: { type: 'string', default: tmpdir() },
})
const builds = options.build.map((text) => {
  const at = text.indexOf('=')
  return layerdockBuild(text.slice(0, at), text.slice(at + 1), options.runtime)
})
const folder = mkdtempSync(join(options.dir, 'layerdock-snapshot-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => process.exit(130))
}

/** @type {Sample[][]} */
const samples = builds.map(() => [])
for (let round = 0; round < Number(options.rounds); round++) {
  for (const [index, build] of builds.entries()) {
    samples[index]?.push(await measureOnce(build, join(folder, `${round}-${index}`)))
  }
}
const rows = builds.map(({ name }, index) => {
  const own = samples[index] ?? []
  const of = (/** @type {keyof Sample} */ key) => number(median(own.map((sample) => sample[key])))
  return [name, of('alone'), of('aloneCpu'), of('beside'), of('besideCpu'), of('snapshot')]
})
const head = ['', 'alone ms', 'CPU ms', 'beside a snapshot ms', 'CPU ms', 'snapshot took ms']
const title = `${options.runtime}: push ${options.mib} MiB, ${options.rounds} rounds, medians\n`
process.stdout.write(`${title}${textTable([head, ...rows]).join('\n')}\n`)

/**
 * @param {Server} build
 * @param {string} dir
 * @returns {Promise<Sample>}
 */
async function measureOnce(build, dir) {
  const server = await start(build, dir)
  const callers = makeCallers(writers, server.port, 'bench/manifests')
  const [large] = makeCallers(1, server.port, 'bench/large', { bufferBytes: mib })
  try {
    await large.pushBlob(blobMaker(8 * mib)())
    await flushDisk()
    const alone = await push(server, large)
    await flushDisk()
    const isUnderWay = () => existsSync(join(dir, 'storage', 'metadata.json.new'))
    await pushManifests(callers, isUnderWay)
    const began = performance.now()
    const beside = await push(server, large)
    while (isUnderWay()) await new Promise((resolve) => setTimeout(resolve, 2))
    // It is there under its own name, or it failed.
    statSync(join(dir, 'storage', 'metadata.json'))
    const snapshot = performance.now() - began
    return {
      alone: alone.ms,
      aloneCpu: alone.cpu,
      beside: beside.ms,
      besideCpu: beside.cpu,
      snapshot,
    }
  } finally {
    for (const caller of [...callers, large]) caller.close()
    await server.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

/**
 * @param {RunningServer} server
 * @param {Caller} caller
 */
async function push({ pid }, caller) {
  const blob = blobMaker(Number(options.mib) * mib)()
  const before = cpuMicros(pid) ?? 0
  const began = performance.now()
  await caller.pushBlob(blob)
  return { ms: performance.now() - began, cpu: ((cpuMicros(pid) ?? 0) - before) / 1000 }
}

/**
 * @param {readonly [Caller, ...Caller[]]} callers
 * @param {() => boolean} isEnough
 */
async function pushManifests(callers, isEnough) {
  const blobs = Array.from({ length: 2 }, blobMaker(1024))
  for (const blob of blobs) await callers[0].pushBlob(blob)
  let count = 0
  const write = async (/** @type {Caller} */ caller) => {
    while (!isEnough()) {
      const tag = `build-${count++}`
      if (count > 200_000) throw new Error('no snapshot began')
      await caller.pushManifest(tag, imageManifest(blobs, tag))
    }
  }
  await Promise.all(callers.map(write))
}
