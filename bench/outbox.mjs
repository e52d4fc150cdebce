// What messages cost a push, also behind a receiver that is dead, and how much memory they take while they wait.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { programOptions } from '../conformance/program-options.mjs'
import { median } from './figures.mjs'
import { number, textTable } from './report.mjs'

const usage = `node bench/outbox.mjs [options]

  Manifests are pushed in this process, in turns: without messages, with one for each push that is only made, with one
  that is stored and soon delivered, and behind an endpoint that nobody delivers to. Nothing is sent.

  --waiting N     messages that wait for the dead endpoint (default: 10000)
  --pushes N      in a turn (default: 200)
  --turns N       of each (default: 40)
  --dir FOLDER    where they keep things (default: ${tmpdir()})
`

const options = programOptions(usage, {
  waiting: { type: 'string', default: '10000' },
  pushes: { type: 'string', default: '200' },
  turns: { type: 'string', default: '40' },
  dir: { type: 'string', default: tmpdir() },
})

/** Of the build, as the package's users have it. */
const built = (/** @type {string} */ path) =>
  import(fileURLToPath(new URL(`../dist/${path}`, import.meta.url)))
/** @type {typeof import('../src/index.ts')} */
const { callContext, createRegistry, repositoryName, tagName } = await built('src/index.js')
/** @type {typeof import('../adapters/disk/open-stores.ts')} */
const { openDiskStores } = await built('adapters/disk/open-stores.js')
/** @type {typeof import('../adapters/disk/node-hash.ts')} */
const { nodeHash } = await built('adapters/disk/node-hash.js')

const folder = mkdtempSync(join(options.dir, 'layerdock-outbox-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
const call = callContext()
const app = repositoryName('team/app')
const endpoint = 'endpoint'
const together = 16

/**
 * @param {string} name
 * @param {Teller} [outbox]
 */
async function open(name, outbox) {
  const stores = await openDiskStores({ directory: join(folder, name), mode: 'write' })
  const hash = nodeHash
  const registry = createRegistry({ stores, hash, ...(outbox === undefined ? {} : { outbox }) })
  let count = 0
  const push = async () => {
    count += 1
    const text = JSON.stringify({ schemaVersion: 2, manifests: [], annotations: { n: `${count}` } })
    const mediaType = 'application/vnd.oci.image.index.v1+json'
    const reference = { kind: /** @type {const} */ ('tag'), tag: tagName(`v${count % 100}`) }
    const bytes = new TextEncoder().encode(text)
    await registry.service.putManifest(call, app, reference, { bytes, mediaType })
  }
  return {
    name,
    metadata: stores.metadata,
    outbox: /** @type {import('../src/kit.ts').Outbox} */ (stores.metadata.outbox),
    /** @param {number} pushes */
    async turn(pushes) {
      for (let at = 0; at < pushes; at += together) {
        await Promise.all(Array.from({ length: together }, push))
      }
    },
    async close() {
      await registry.close()
      await stores.close()
    },
  }
}

let made = 0
/** One message for a push, about as long as Harbor's. @type {Teller} */
const tell = (event) => {
  if (event.kind !== 'manifest-pushed') return []
  made += 1
  const text = JSON.stringify({ id: made, event, more: 'x'.repeat(400) })
  return [{ endpoints: [endpoint], text }]
}
/** What a message costs before the store has it. @type {Teller} */
const tellNobody = (event) => (tell(event).length > 1 ? tell(event) : [])
const waiting = Number(options.waiting)
/** @typedef {(event: import('../src/index.ts').RegistryEvent) => readonly import('../src/index.ts').OutboxMessage[]} Teller */

const bounds = { waiting, waitingBytes: 1e12, dead: 0, deadBytes: 0 }

const none = await open('none')
const unstored = await open('made, and not stored', tellNobody)
const delivered = await open('delivered', tell)
const deep = await open(`${waiting} waiting`, tell)
const all = [none, unstored, delivered, deep]

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
const heap = () => {
  collect()
  return process.memoryUsage().heapUsed
}

/** Messages of changes that take no memory of their own: of a blob that is there. */
async function fill() {
  const { outbox, metadata } = deep
  const digest = /** @type {import('../src/index.ts').Digest} */ (`sha256:${'a'.repeat(64)}`)
  const blob = { digest, size: 1, key: 'blobs/nowhere' }
  const text = (/** @type {number} */ at) => JSON.stringify({ id: at, more: 'x'.repeat(750) })
  const link = (/** @type {number} */ at) =>
    metadata.linkBlob(app, blob, 1000, { tell: () => [{ endpoints: [endpoint], text: text(at) }] })
  await link(0)
  const before = heap()
  for (let at = 0; at < waiting; at += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, each) => link(at + each)))
  }
  const { items } = await outbox.list({ limit: 1 })
  return { each: (heap() - before) / waiting, bytes: items[0]?.text.length ?? 0 }
}

const filled = await fill()
/** @type {Map<string, number[]>} */
const samples = new Map(all.map(({ name }) => [name, []]))
for (let turn = -2; turn < Number(options.turns); turn += 1) {
  const order = turn % 2 === 0 ? all : all.toReversed()
  for (const one of order) {
    const before = process.cpuUsage()
    await one.turn(Number(options.pushes))
    const { user, system } = process.cpuUsage(before)
    if (turn >= 0) samples.get(one.name)?.push((user + system) / Number(options.pushes))
  }
  await delivered.outbox.drop({}, 1e9)
  await deep.outbox.trim(bounds)
}

const base = median(samples.get(none.name) ?? []) ?? 0
const rows = all.map(({ name }) => {
  const cpu = median(samples.get(name) ?? []) ?? 0
  return [name, number(cpu), number(cpu / base)]
})
const table = textTable([['messages', 'CPU of a push, µs', 'ratio'], ...rows])
process.stdout.write(`${table.join('\n')}\n`)
const claimBefore = process.cpuUsage()
const claims = 1000
for (let at = 0; at < claims; at += 1) {
  const { entries } = await deep.outbox.claim([endpoint], { limit: 1, forMs: 1000 })
  await deep.outbox.release(entries)
}
const claimCpu = process.cpuUsage(claimBefore)
process.stdout.write(
  `${waiting} waiting messages of ${filled.bytes} bytes take ${number(filled.each)} bytes of memory each; ` +
    `a claim takes ${number((claimCpu.user + claimCpu.system) / claims)} µs\n`,
)
for (const one of all) await one.close()
