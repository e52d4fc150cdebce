// How much memory the registry takes on Cloudflare's runtime: the peak of workerd, on Linux, with R2 and
// the Durable Object in the same process.
//   node examples/cloudflare/memory.mjs
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'

const mib = 1024 * 1024
const main = fileURLToPath(new URL('local.mjs', import.meta.url))

await group(async (registry, report) => {
  report('at rest')
  const digest = await push(registry, 512, 1)
  report('512 MiB in, length known')
  await pull(registry, digest)
  report('and out again')
  await pushChunks(registry, 512, 2, 1)
  report('and in without a length, in one chunked PATCH')
  await pushChunks(registry, 512, 3, 2)
  report('and in once more, hashed again from the bucket')
  await Promise.all([4, 5, 6, 7, 8].map((seed) => push(registry, 512, seed)))
  report('and five of them in at once')
})
await group(async (registry, report) => {
  const digest = await push(registry, 2048, 1)
  report('2 GiB in, length known, fresh process')
  await pull(registry, digest)
  report('and out again')
})

/**
 * Starts a registry and runs the steps on it. A step calls `report` to print the peak so far.
 * @param {(port: number, report: (what: string) => void) => Promise<void>} steps
 */
async function group(steps) {
  const folder = mkdtempSync(join(tmpdir(), 'layerdock-edge-'))
  const child = spawn(process.execPath, [main, '--port', '0', '--storage-dir', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = await once(createInterface(child.stdout), 'line')
    const { port } = new URL(line.split(' ').at(-1))
    await steps(Number(port), (what) => {
      const peak = Math.round(peakBytes(child.pid ?? 0) / 1e6)
      process.stdout.write(`| ${what} | ${peak} MB |\n`)
    })
  } finally {
    child.kill()
    await once(child, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * The most memory that a child of the process had, in bytes.
 * @param {number} parent
 */
function peakBytes(parent) {
  const status = (/** @type {string} */ pid) => {
    try {
      return readFileSync(`/proc/${pid}/status`, 'utf8')
    } catch {
      return ''
    }
  }
  const texts = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(status)
  const children = texts.filter((text) => text.includes(`\nPPid:\t${parent}\n`))
  return Math.max(...children.map((text) => Number(/VmHWM:\s+(\d+)/.exec(text)?.[1]) * 1024))
}

/**
 * Bytes that differ by seed and from MiB to MiB, so that nothing is stored twice.
 * @param {number} mebibytes
 * @param {number} seed
 */
function* bytesOf(mebibytes, seed) {
  for (let at = 0; at < mebibytes; at++) {
    const block = Buffer.alloc(mib, seed)
    block.writeUInt32BE(at)
    yield block
  }
}

/**
 * @param {number} mebibytes
 * @param {number} seed
 */
function digestOf(mebibytes, seed) {
  const hash = createHash('sha256')
  for (const block of bytesOf(mebibytes, seed)) hash.update(block)
  return `sha256:${hash.digest('hex')}`
}

/**
 * Sends one request and reads its answer to the end.
 * @param {number} port
 * @param {string} method
 * @param {string} path
 * @param {{ body?: Iterable<Buffer>, length?: number, status: number }} options the expected status
 * @returns {Promise<{ bytes: number, location: string }>}
 */
async function send(port, method, path, { body, length, status }) {
  /** @type {Record<string, number>} */
  const headers = body && length === undefined ? {} : { 'Content-Length': length ?? 0 }
  const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false })
  const answered = once(asked, 'response')
  await Promise.all([answered, pipeline(Readable.from(body ?? []), asked)])
  const [answer] = await answered
  let bytes = 0
  for await (const chunk of answer) bytes += chunk.byteLength
  if (answer.statusCode !== status) throw new Error(`${method} ${path}: ${answer.statusCode}`)
  return { bytes, location: answer.headers.location }
}

/**
 * @param {number} port
 * @param {number} mebibytes
 * @param {number} seed
 */
async function push(port, mebibytes, seed) {
  const digest = digestOf(mebibytes, seed)
  const body = bytesOf(mebibytes, seed)
  const length = mebibytes * mib
  const path = `/v2/memory/blobs/uploads/?digest=${digest}`
  await send(port, 'POST', path, { body, length, status: 201 })
  return digest
}

/**
 * Pushes in `count` chunked requests of the same size.
 * @param {number} port
 * @param {number} mebibytes in all
 * @param {number} seed
 * @param {number} count
 */
async function pushChunks(port, mebibytes, seed, count) {
  const opened = await send(port, 'POST', '/v2/memory/blobs/uploads/', { status: 202 })
  const source = bytesOf(mebibytes, seed)
  for (let sent = 0; sent < count; sent++) {
    const body = take(source, mebibytes / count)
    await send(port, 'PATCH', opened.location, { body, status: 202 })
  }
  const digest = digestOf(mebibytes, seed)
  await send(port, 'PUT', `${opened.location}?digest=${digest}`, { status: 201 })
}

/**
 * The next `count` blocks of a source, which stays open for more.
 * @param {Iterator<Buffer>} source
 * @param {number} count
 */
function* take(source, count) {
  for (let taken = 0; taken < count; taken++) {
    const { done, value } = source.next()
    if (done) return
    yield value
  }
}

/**
 * @param {number} port
 * @param {string} digest
 */
async function pull(port, digest) {
  const { bytes } = await send(port, 'GET', `/v2/memory/blobs/${digest}`, { status: 200 })
  if (bytes % mib !== 0 || bytes === 0) throw new Error(`${bytes} bytes came back`)
}
