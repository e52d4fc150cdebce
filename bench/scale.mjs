// How the metadata does with much in it: a start, the heap of each manifest, the cost of each operation,
// and the longest that anything waits while a journal is compacted. Names alone: no bytes are stored, and
// nothing is asked over HTTP.

import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PerformanceObserver } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const usage = `node bench/scale.mjs [options]

  --manifests N     in all (default: 100000)
  --repositories R  they are spread over (default: 1)
  --tags T          for each manifest (default: 5)
  --blobs B         that each manifest names and no other does (default: 1)
  --shared S        blobs that all manifests of a repository name (default: 2)
  --operations O    that are timed, of each kind (default: 20000)
  --keys KIND       of blobs: files, or segments, which are shorter (default: segments)
  --dir FOLDER      where the store is made (default: ${tmpdir()})
  --store FOLDER    a store this command made with --keep, instead of a new one
  --keep            does not remove the store
  --json FILE       write every figure there
`

const { values } = parseArgs({
  options: {
    manifests: { type: 'string', default: '100000' },
    repositories: { type: 'string', default: '1' },
    tags: { type: 'string', default: '5' },
    blobs: { type: 'string', default: '1' },
    shared: { type: 'string', default: '2' },
    operations: { type: 'string', default: '20000' },
    keys: { type: 'string', default: 'segments' },
    dir: { type: 'string', default: tmpdir() },
    store: { type: 'string' },
    keep: { type: 'boolean', default: false },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const manifests = Number(values.manifests)
const repositories = Number(values.repositories)
const tagsEach = Number(values.tags)
const blobsEach = Number(values.blobs)
const shared = Number(values.shared)
const operations = Number(values.operations)
/** Changes made at once. */
const writers = 32

setFlagsFromString('--expose-gc')
/** @type {() => void} */
const collect = runInNewContext('gc')

const dist = (/** @type {string} */ path) =>
  fileURLToPath(new URL(`../dist/${path}`, import.meta.url))
/** @type {typeof import('../src/index.ts')} */
const { repositoryName, tagName } = await import(dist('src/index.js'))
/** @type {typeof import('../src/kit.ts')} */
const { openMetadata } = await import(dist('src/kit.js'))
/** @type {typeof import('../adapters/disk/store.ts')} */
const { openDiskStore } = await import(dist('adapters/disk/store.js'))

/** @import { Digest } from '../src/index.ts' */
/** @import { BlobRef, JournalledMetadata } from '../src/kit.ts' */

/** @type {Record<string, number>} */
const figures = {}

if (values.help) process.stdout.write(usage)
else await main()

async function main() {
  const directory = values.store ?? mkdtempSync(join(values.dir, 'layerdock-scale-'))
  try {
    if (values.store === undefined || !existsSync(values.store)) await make(directory)
    await measure(directory)
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures)}\n`)
  } finally {
    if (!values.keep) rmSync(directory, { recursive: true })
    else process.stdout.write(`the store is in ${directory}\n`)
  }
}

/** @param {string} directory */
async function make(directory) {
  const before = heap()
  const { metadata, close } = await open(directory)
  const began = performance.now()
  await manyAtOnce(manifests, (index) => push(metadata, index))
  say('pushes, each', ((performance.now() - began) * 1000) / manifests, 'µs')
  say('heap for each manifest as pushed', (heap() - before) / manifests, 'bytes')
  await metadata.compact()
  await close()
}

/** @param {string} directory */
async function measure(directory) {
  const before = heap()
  const began = performance.now()
  const cpu = process.cpuUsage()
  const { metadata, close } = await open(directory)
  say('start', performance.now() - began, 'ms')
  say('CPU of the start', microseconds(cpu) / 1000, 'ms')
  const peak = process.resourceUsage().maxRSS / 1024
  say('heap for each manifest as read', (heap() - before) / manifests, 'bytes')
  if (values.store !== undefined) say('peak memory of the start', peak, 'MB')
  if (operations > 0) {
    await reads(metadata)
    await changes(metadata, manifests, 'push of a manifest')
    await compaction(metadata)
  }
  await close()
}

/** @param {JournalledMetadata} metadata */
async function reads(metadata) {
  const timed = async (
    /** @type {string} */ title,
    /** @type {(at: number) => Promise<unknown>} */ read,
  ) => {
    const places = Array.from({ length: operations }, () => Math.floor(Math.random() * manifests))
    for (const at of places.slice(0, 2000)) await read(at)
    const began = process.cpuUsage()
    for (const at of places) if ((await read(at)) === null) throw new Error(`${title}: not there`)
    say(title, microseconds(began) / operations, 'µs')
  }
  await timed('find a manifest', (at) => metadata.findManifest(repositoryOf(at), digestOf('m', at)))
  if (tagsEach > 0) {
    await timed('resolve a tag', (at) => metadata.resolveTag(repositoryOf(at), tagOf(at, 0)))
    await timed('a page of 100 tags', (at) =>
      metadata.listTags(repositoryOf(at), { after: tagOf(at, 0), limit: 100 }),
    )
  }
  if (blobsEach > 0) {
    await timed('find a blob', (at) => metadata.findBlob(repositoryOf(at), digestOf('b0', at)))
  }
  await timed('a page of 100 repositories', (at) =>
    metadata.listRepositories({ after: repositoryOf(at), limit: 100 }),
  )
  await timed('what the three above cost to ask for', async (at) => digestOf('m', at))
}

/**
 * @param {JournalledMetadata} metadata
 * @param {number} from
 * @param {string} title
 */
async function changes(metadata, from, title) {
  const began = process.cpuUsage()
  await manyAtOnce(operations, (index) => push(metadata, from + index))
  say(title, microseconds(began) / operations, 'µs')
}

/**
 * Compacts beside changes, and watches how long the process does nothing else.
 * @param {JournalledMetadata} metadata
 */
async function compaction(metadata) {
  let isOver = false
  let longest = 0
  let slowest = 0
  let done = 0
  let longestCpu = 0
  let longestPause = 0
  const pauses = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestPause = Math.max(longestPause, duration)
  })
  const watch = async () => {
    let last = performance.now()
    let lastCpu = threadCpu()
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve))
      const now = performance.now()
      const cpu = threadCpu()
      longest = Math.max(longest, now - last)
      longestCpu = Math.max(longestCpu, cpu - lastCpu)
      last = now
      lastCpu = cpu
    }
  }
  const load = async () => {
    while (!isOver) {
      const began = performance.now()
      await push(metadata, manifests + operations + done)
      slowest = Math.max(slowest, performance.now() - began)
      done += 1
      await metadata.findManifest(repositoryOf(done), digestOf('m', done % manifests))
    }
  }
  collect()
  // Not before: the collection that is asked for is no pause of the compaction.
  pauses.observe({ entryTypes: ['gc'] })
  const others = [watch(), ...Array.from({ length: writers }, load)]
  const began = performance.now()
  await metadata.compact()
  const took = performance.now() - began
  isOver = true
  await Promise.all(others)
  pauses.disconnect()
  say('compaction beside 32 writers', took, 'ms')
  say('longest stall meanwhile', longest, 'ms')
  // Of the thread, or of the process where the runtime cannot tell: on a busy machine the rest is waiting.
  say('CPU of the longest turn meanwhile', longestCpu, 'ms')
  say('longest pause for the collector meanwhile', longestPause, 'ms')
  say('slowest change meanwhile', slowest, 'ms')
  say('changes meanwhile, a second', (done / took) * 1000, '')
}

/** @param {string} directory */
async function open(directory) {
  const store = await openDiskStore({ directory })
  const metadata = await openMetadata({ log: store.log })
  const close = async () => {
    await metadata.close()
    await store.close()
  }
  return { metadata, close }
}

/**
 * As a client pushes: blobs first, then the manifest that names them, with its tags.
 * @param {JournalledMetadata} metadata
 * @param {number} index
 */
async function push(metadata, index) {
  const repository = repositoryOf(index)
  const leaseMs = 60_000
  const names = []
  for (let at = 0; at < blobsEach + shared; at += 1) {
    const digest =
      at < blobsEach ? digestOf(`b${at}`, index) : digestOf(`s${at}`, index % repositories)
    names.push(digest)
    const isThere = at >= blobsEach && index >= repositories && index < manifests
    if (!isThere) await metadata.linkBlob(repository, refOf(digest, index * 8 + at), leaseMs)
  }
  const digest = digestOf('m', index)
  const blob = refOf(digest, index * 8 + 7)
  const record = {
    digest,
    size: blob.size,
    // Made again each time, as it is of what clients send.
    mediaType: ['application/vnd.oci.image.manifest.v1', 'json'].join('+'),
    blob,
    references: names,
  }
  const tags = Array.from({ length: tagsEach }, (_, at) => tagOf(index, at))
  await metadata.putManifest(repository, { record, tags, requires: [], immutable: [] })
}

/**
 * @param {number} count
 * @param {(index: number) => Promise<void>} work
 */
async function manyAtOnce(count, work) {
  let next = 0
  const worker = async () => {
    while (next < count) {
      next += 1
      await work(next - 1)
    }
  }
  await Promise.all(Array.from({ length: writers }, worker))
}

/** @param {number} index */
function repositoryOf(index) {
  const number = index % repositories
  return repositoryName(`team-${number % 100}/project-${number}`)
}

/**
 * @param {number} index
 * @param {number} at
 */
function tagOf(index, at) {
  return tagName(`v${at}.${Math.floor(index / 1000)}.${index % 1000}`)
}

/**
 * @param {string} kind
 * @param {number} index
 */
function digestOf(kind, index) {
  const hex = createHash('sha256').update(`${kind} ${index}`).digest('hex')
  return /** @type {Digest} */ (`sha256:${hex}`)
}

/**
 * @param {Digest} digest
 * @param {number} index
 * @returns {BlobRef}
 */
function refOf(digest, index) {
  const random = createHash('sha256').update(`${digest} ${index}`).digest('hex').slice(0, 16)
  const key =
    values.keys === 'files'
      ? `blobs/sha256/${digest.slice(7)}-${random}`
      : `segments/${index >>> 16}:${(index % 65536) * 900}:${700 + (index % 100)}`
  return { digest, size: 700 + (index % 100), key }
}

function threadCpu() {
  const usage = /** @type {{ threadCpuUsage?(): NodeJS.CpuUsage }} */ (process).threadCpuUsage?.()
  const { user, system } = usage ?? process.cpuUsage()
  return (user + system) / 1000
}

/** @param {NodeJS.CpuUsage} began */
function microseconds(began) {
  const { user, system } = process.cpuUsage(began)
  return user + system
}

function heap() {
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/**
 * @param {string} title
 * @param {number} value
 * @param {string} unit
 */
function say(title, value, unit) {
  figures[title] = value
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0
  process.stdout.write(`${title.padEnd(44)} ${value.toFixed(digits).padStart(9)} ${unit}\n`)
}
