// Starting what is measured, and ending it.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configurations } from './configurations.mjs'
import { Connection } from './http.mjs'
import { cpuMicros, residentBytes } from './process-usage.mjs'
import { freePorts, sleep, startProcess } from './spawn.mjs'

/** @import { RunningServer, Server, SharedStores, Variant } from './types.ts' */

/**
 * @typedef {object} Starting
 * @property {Variant} [variant] as which of its `variants` it is started
 * @property {number} [settle] milliseconds between its first answer and the look at its memory, since the
 *   work that a boot leaves behind is part of being idle (default: 500)
 * @property {string} [storage] a folder it opens, in place of an empty one inside `dir`
 * @property {SharedStores} [shared] where it keeps things that it shares with others, for commands that say so
 */

/** Distribution else tries to send its traces somewhere. */
const quiet = { OTEL_TRACES_EXPORTER: 'none' }

/**
 * Starts a registry on a free port of loopback with its storage in `dir`, a folder it makes, and
 * waits for its first answer.
 * @param {Server} server
 * @param {string} dir
 * @param {Starting} [starting]
 * @returns {Promise<RunningServer>}
 * @throws {Error} when the process ends first, or does not answer with 200 in 60 seconds
 */
export async function start(
  server,
  dir,
  { variant, settle = 500, storage = join(dir, 'storage'), shared } = {},
) {
  const { name } = server
  const [port = 0] = await freePorts(1)
  const log = join(dir, 'log')
  for (const folder of [dir, storage]) mkdirSync(folder, { recursive: true })
  const command = variant === undefined ? server.command : server.variants[variant]
  if (command === undefined) throw new Error(`${name} cannot be started as ${variant}`)
  const values = new Map([
    ['{port}', `${port}`],
    ['{dir}', storage],
  ])
  if (variant === 'tls') makeCertificate(dir, values)
  if (shared !== undefined) {
    values.set('{database}', shared.database ?? '').set('{bucket}', bucketUrl(shared.bucket))
  }
  for (const [placeholder, text] of Object.entries(configurations(storage, port, shared?.bucket))) {
    // zot takes what its file is by the ending of its name.
    const ending = text.startsWith('{') ? 'json' : 'yml'
    const path = join(dir, `${placeholder.slice(1, -1)}.${ending}`)
    writeFileSync(path, text)
    values.set(placeholder, path)
  }
  const words = command
    .split(/\s+/)
    .map((word) => word.replaceAll(/\{[a-z-]+\}/g, (found) => values.get(found) ?? found))
  const startedAt = performance.now()
  const env = { ...quiet, ...(shared === undefined ? {} : awsVariables(shared.bucket)) }
  const { pid, ended, stop } = startProcess(words, { log, env })
  try {
    const bootMs = await firstAnswer(port, variant === 'tls', startedAt, ended)
    const bootCpuMs = (cpuMicros(pid) ?? 0) / 1000
    await sleep(settle)
    const idle = { bootMs, bootCpuMs, residentBytes: residentBytes(pid) }
    return { name, port, pid, dir, idle, stop, ended }
  } catch (error) {
    await stop()
    throw new Error(`${name} did not start: ${error}\n${readFileSync(log, 'utf8').slice(-2000)}`)
  }
}

/**
 * A certificate of its own, as `{cert}` and `{key}`.
 * @param {string} dir
 * @param {Map<string, string>} values
 */
function makeCertificate(dir, values) {
  const cert = join(dir, 'cert.pem')
  const key = join(dir, 'key.pem')
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'
  const own = ['-subj', '/CN=localhost', '-keyout', key, '-out', cert]
  execFileSync('openssl', [...words.split(' '), ...own], { stdio: 'ignore' })
  values.set('{cert}', cert).set('{key}', key)
}

/**
 * @param {number} port
 * @param {boolean} secure
 * @param {number} startedAt
 * @param {() => string | null} ended
 * @returns {Promise<number>} milliseconds since `startedAt`
 */
async function firstAnswer(port, secure, startedAt, ended) {
  const ask = Buffer.from(`GET /v2/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  for (;;) {
    const connection = new Connection(port, { secure })
    try {
      const { status } = await connection.exchange(ask)
      if (status === 200) return performance.now() - startedAt
      // Layerdock says 503 while it opens a store, and it is not there before it can answer.
      if (status !== 503) throw new Error(`GET /v2/ was answered ${status}`)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')) throw error
    } finally {
      connection.close()
    }
    if (ended() !== null) throw new Error(`the process ${ended()}`)
    if (performance.now() - startedAt > 60_000) throw new Error('no answer in 60 seconds')
    await sleep(1)
  }
}

/**
 * As Layerdock's `--bucket` takes it, without its keys.
 * @param {SharedStores['bucket']} bucket
 */
function bucketUrl({ endpoint, name, prefix, region }) {
  return `s3://${name}/${prefix}?endpoint=${encodeURIComponent(endpoint)}&region=${region}`
}

/** @param {SharedStores['bucket']} bucket */
function awsVariables({ accessKeyId, secretAccessKey, region }) {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
  }
}
