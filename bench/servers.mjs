// The registries that can be measured, how each is started, and what each has on disk when it answers.

import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runtimes } from '../conformance/servers.mjs'
import { Connection } from './http.mjs'
import { residentBytes } from './process-usage.mjs'

/** @import { ChildProcess } from 'node:child_process' */
/** @import { RunningServer, Server } from './types.ts' */

const dockerRegistryPath = '/usr/bin/docker-registry'

const syncsOf = new Map([
  ['layerdock', 'files and journal'],
  ['docker-registry', 'files'],
  ['distribution', 'files'],
  ['ferro', 'metadata only'],
  ['olareg', 'nothing'],
  ['zot', 'nothing'],
])

/**
 * Layerdock as built in `dist`, without its line for every request, because the others are started
 * without theirs.
 * @param {string} [runtime] a name of `runtimes`
 * @returns {Server}
 * @throws {Error} when nothing is built
 */
export function layerdock(runtime = 'node') {
  const name = runtime === 'node' ? 'layerdock' : `layerdock on ${runtime}`
  return layerdockBuild(name, fileURLToPath(new URL('..', import.meta.url)), runtime)
}

/**
 * Another build of Layerdock: a checkout (built, for Node), or for Node its `dist` folder.
 * @param {string} name
 * @param {string} folder
 * @param {string} [runtime] a name of `runtimes`
 * @returns {Server}
 * @throws {Error} when nothing is built there
 */
export function layerdockBuild(name, folder, runtime = 'node') {
  const known = runtimes[runtime]
  if (known === undefined) throw new Error(`there is no runtime ${runtime}`)
  const { entry, find } = known
  const main = [entry, entry.replace(/^dist\//, '')]
    .map((path) => resolve(folder, path))
    .find(existsSync)
  if (main === undefined) {
    throw new Error(`Layerdock is not built in ${folder}: run \`npm run build\` there first`)
  }
  const command = `${find('current').command.join(' ')} ${main} serve --listen 127.0.0.1:{port} --storage-dir {dir} --log warn`
  return server(name, command, 'layerdock')
}

/**
 * Debian's docker-registry, or null where it is not installed.
 * @returns {Server | null}
 */
export function dockerRegistry() {
  if (!existsSync(dockerRegistryPath)) return null
  return server('docker-registry', `${dockerRegistryPath} serve {config}`)
}

/**
 * Another registry from `name=command`. In the command, `{port}`, `{dir}` and `{config}` stand for a
 * free port, an empty folder, and a configuration in the format of distribution that says both. It is
 * split at spaces and started without a shell, so that the process measured is the registry.
 * @param {string} text
 * @returns {Server}
 */
export function peer(text) {
  const at = text.indexOf('=')
  if (at < 1) throw new Error(`a peer is given as name=command, not ${JSON.stringify(text)}`)
  return server(text.slice(0, at), text.slice(at + 1).trim())
}

/**
 * @param {string} name
 * @param {string} command
 * @param {string} [kind] begins with a key of `syncsOf` where that is known
 * @returns {Server}
 */
function server(name, command, kind = name) {
  const [, syncs = 'not stated'] = [...syncsOf].find(([known]) => kind.startsWith(known)) ?? []
  return { name, command, syncs }
}

/**
 * Starts a registry on a free port of loopback with its storage in `dir`, a folder it makes, and
 * waits for its first answer.
 * @param {Server} server
 * @param {string} dir
 * @returns {Promise<RunningServer>}
 * @throws {Error} when the process ends first, or does not answer in 20 seconds
 */
export async function start({ name, command }, dir) {
  const port = await freePort()
  const storage = join(dir, 'storage')
  const config = join(dir, 'config.yml')
  const log = join(dir, 'log')
  mkdirSync(storage, { recursive: true })
  writeFileSync(config, distributionConfig(storage, port))
  const [program = '', ...args] = command
    .split(/\s+/)
    .map((word) =>
      word
        .replaceAll('{port}', `${port}`)
        .replaceAll('{dir}', storage)
        .replaceAll('{config}', config),
    )
  const output = openSync(log, 'w')
  const startedAt = performance.now()
  const child = spawn(program, args, { stdio: ['ignore', output, output] })
  closeSync(output)
  /** @type {string | null} */
  let ended = null
  /** @type {Promise<void>} */
  const exit = new Promise((resolve) => {
    const end = (/** @type {string} */ how) => {
      ended = how
      resolve()
    }
    child.once('exit', (code, signal) => end(`ended with ${code ?? signal}`))
    child.once('error', (error) => end(error.message))
  })
  const stop = () => stopProcess(child, exit, () => ended !== null)
  try {
    const bootMs = await firstAnswer(port, startedAt, () => ended)
    // Memory is read after half a second: the work that a boot leaves behind is part of being idle.
    await sleep(500)
    const pid = child.pid ?? 0
    const idle = { bootMs, residentBytes: residentBytes(pid) }
    return { name, port, pid, dir, idle, stop, ended: () => ended }
  } catch (error) {
    await stop()
    throw new Error(`${name} did not start: ${error}\n${readFileSync(log, 'utf8').slice(-2000)}`)
  }
}

/**
 * @param {number} port
 * @param {number} startedAt
 * @param {() => string | null} ended
 * @returns {Promise<number>} milliseconds since `startedAt`
 */
async function firstAnswer(port, startedAt, ended) {
  const ask = Buffer.from(`GET /v2/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  for (;;) {
    const connection = new Connection(port)
    try {
      const { status } = await connection.exchange(ask)
      if (status === 200) return performance.now() - startedAt
      throw new Error(`GET /v2/ was answered ${status}`)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')) throw error
    } finally {
      connection.close()
    }
    if (ended() !== null) throw new Error(`the process ${ended()}`)
    if (performance.now() - startedAt > 20_000) throw new Error('no answer in 20 seconds')
    await sleep(1)
  }
}

/**
 * @param {ChildProcess} child
 * @param {Promise<void>} exit
 * @param {() => boolean} hasEnded
 */
async function stopProcess(child, exit, hasEnded) {
  if (hasEnded()) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await exit
  clearTimeout(timer)
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address())
      probe.close(() => resolve(port))
    })
  })
}

/**
 * @param {string} storage
 * @param {number} port
 */
function distributionConfig(storage, port) {
  return `version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: ${storage}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:${port}
`
}

/** @param {number} ms */
function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
