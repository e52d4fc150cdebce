// What can be measured: Layerdock and bare servers on each runtime, and other registries.

import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runtimes } from '../conformance/servers.mjs'

/** @import { Server } from './types.ts' */

const project = fileURLToPath(new URL('..', import.meta.url))

/** The runtimes that Layerdock is measured on, in the order of the tables. */
export const measuredRuntimes = /** @type {const} */ (['node', 'bun', 'deno'])

const tlsOptions = '--tls-cert {cert} --tls-key {key}'
const dockerRegistryPath = '/usr/bin/docker-registry'

/**
 * Other registries: how each is started, and what it has on disk when it answers a push. The first whose
 * name another name begins with is meant.
 * @type {readonly { name: string, syncs: string, args: (program: string) => string }[]}
 */
const known = [
  {
    name: 'docker-registry',
    syncs: 'files',
    args: (program) => `${program} serve {config}`,
  },
  {
    name: 'distribution',
    syncs: 'files',
    args: (program) => `${program} serve {config}`,
  },
  {
    name: 'ferro',
    syncs: 'metadata only',
    args: (program) =>
      `env FERRO_OCI_LISTEN=127.0.0.1:{port} FERRO_OCI_STORAGE_DIR={dir} RUST_LOG=error ${program}`,
  },
  {
    name: 'olareg',
    syncs: 'nothing',
    args: (program) => `${program} serve --addr 127.0.0.1 --port {port} --dir {dir}`,
  },
  {
    name: 'zot-commit',
    syncs: 'files',
    args: (program) => `${program} serve {zot-commit-config}`,
  },
  {
    name: 'zot',
    syncs: 'nothing',
    args: (program) => `${program} serve {zot-config}`,
  },
]

/**
 * Layerdock as it is built in this project and as npm installs it, without its line for every request, because the
 * others are started without theirs.
 * @param {string} [runtime] a name of `runtimes`
 * @returns {Server}
 * @throws {Error} when nothing is built, or the runtime is not installed
 */
export function layerdock(runtime = 'node') {
  return layerdockBuild(`layerdock on ${runtime}`, project, runtime)
}

/**
 * Another build of Layerdock: a checkout that was built, or its `dist` folder.
 * @param {string} name
 * @param {string} folder
 * @param {string} [runtime] a name of `runtimes`
 * @returns {Server}
 * @throws {Error} when nothing is built there, or the runtime is not installed
 */
export function layerdockBuild(name, folder, runtime = 'node') {
  const { entry, command, traced } = findRuntime(runtime)
  const main = [entry, entry.replace(/^dist\//, '')]
    .map((path) => resolve(folder, path))
    .find(existsSync)
  if (main === undefined) {
    throw new Error(`Layerdock is not built in ${folder}: run \`npm run build\` there first`)
  }
  const args = `${main} serve --listen 127.0.0.1:{port} --storage-dir {dir}`
  const serve = `${command} ${args}`
  return {
    name,
    kind: 'layerdock',
    runtime,
    syncs: 'files and journal',
    command: `${serve} --log warn`,
    variants: {
      log: `${serve} --log info --log-format json`,
      tls: `${serve} --log warn ${tlsOptions}`,
      ...(traced === null ? {} : { 'trace-gc': `${traced} ${args} --log warn` }),
    },
  }
}

/**
 * A server of the runtime alone, that gives a registry's answers with none of its rules: what is left is
 * what the runtime itself costs.
 * @param {string} runtime one of `measuredRuntimes`
 * @returns {Server}
 * @throws {Error} when the runtime is not installed
 */
export function bareServer(runtime) {
  const program = runtime === 'bun' ? 'bun.mjs' : 'node.mjs'
  const file = fileURLToPath(new URL(`./bare/${program}`, import.meta.url))
  const { command, traced } = findRuntime(runtime)
  const args = `${file} --port {port} --dir {dir}`
  return {
    name: `bare ${runtime}`,
    kind: 'bare',
    runtime,
    syncs: 'one file',
    command: `${command} ${args}`,
    variants: {
      tls: `${command} ${args} ${tlsOptions}`,
      ...(traced === null ? {} : { 'trace-gc': `${traced} ${args}` }),
    },
  }
}

/**
 * Layerdock with its names in PostgreSQL and its bytes in a bucket.
 * @param {string} [runtime] a name of `runtimes`
 * @returns {Server}
 * @throws {Error} as `layerdock` does
 */
export function layerdockNode(runtime = 'node') {
  const { name, command } = layerdock(runtime)
  const shared = command.replace('--storage-dir {dir}', '--database {database} --bucket {bucket}')
  return {
    name,
    kind: 'layerdock',
    runtime,
    syncs: 'database and bucket',
    command: shared,
    variants: { redirect: `${shared} --redirect on` },
  }
}

/**
 * A registry that keeps everything in a bucket, where it is known how to make it; or null.
 * @param {Server} peer
 * @returns {Server | null}
 */
export function onBucket(peer) {
  const [program] = peer.command.split(' ')
  const kind = known.find(({ name }) => peer.name.startsWith(name))
  const row = onBuckets.find(({ name }) => name === kind?.name)
  if (row === undefined) return null
  return {
    ...peer,
    syncs: 'bucket',
    command: `${program} serve ${row.config}`,
    variants: { redirect: `${program} serve ${row.redirects}` },
  }
}

/** The placeholders of configurations for a bucket. */
const onBuckets = [
  { name: 'distribution', config: '{bucket-config}', redirects: '{bucket-redirect-config}' },
  { name: 'zot', config: '{zot-bucket-config}', redirects: '{zot-bucket-redirect-config}' },
]

/**
 * Whether a runtime is installed here.
 * @param {string} runtime
 */
export function hasRuntime(runtime) {
  try {
    findRuntime(runtime)
    return true
  } catch {
    return false
  }
}

/**
 * Debian's docker-registry, or null where it is not installed.
 * @returns {Server | null}
 */
export function dockerRegistry() {
  return existsSync(dockerRegistryPath) ? peer(`docker-registry=${dockerRegistryPath}`) : null
}

/**
 * Another registry from `name=program`, where the name begins as one of `known`, or from `name=command`.
 * In the command, `{port}`, `{dir}` and `{config}` stand for a free port, an empty folder, and a
 * configuration in the format of distribution that says both. It is split at spaces and started
 * without a shell, so that the process measured is the registry.
 * @param {string} text
 * @returns {Server}
 * @throws {Error} when the text is neither
 */
export function peer(text) {
  const at = text.indexOf('=')
  if (at < 1) throw new Error(`a peer is given as name=command, not ${JSON.stringify(text)}`)
  const name = text.slice(0, at)
  const command = text.slice(at + 1).trim()
  const kind = known.find((row) => name.startsWith(row.name))
  const isProgram = !/\s/.test(command)
  if (isProgram && kind === undefined) {
    const names = known.map((row) => row.name).join(', ')
    throw new Error(`${name} needs a whole command; programs are known of ${names}`)
  }
  return {
    name,
    kind: 'peer',
    runtime: null,
    syncs: kind?.syncs ?? 'not stated',
    command: isProgram && kind !== undefined ? kind.args(command) : command,
    variants: {},
  }
}

/**
 * The version of a runtime that is installed here.
 * @param {string} runtime
 * @throws {Error} when it is not
 */
export function runtimeVersion(runtime) {
  return findRuntime(runtime).version
}

/**
 * @param {string} runtime
 * @returns {{ entry: string, version: string, command: string, traced: string | null }}
 */
function findRuntime(runtime) {
  const found = runtimes[runtime]
  if (found === undefined) throw new Error(`there is no runtime ${runtime}`)
  const { version, command } = found.find('current')
  const [program = '', ...args] = command
  const executable = realpathSync(program)
  const line = [executable, ...args].join(' ')
  // Of a launcher in CommonJS, Bun and Deno need nothing.
  const entry = runtime === 'node' ? found.entry : 'dist/adapters/cli/main.js'
  return { entry, version, command: line, traced: tracedLine(runtime, line) }
}

/**
 * The runtime with a line in its log for each garbage collection, and many of them. Null for Bun, whose
 * engine does not tell what was allocated between its collections.
 * @param {string} runtime
 * @param {string} line how it is started without
 */
function tracedLine(runtime, line) {
  if (runtime === 'bun') return null
  const flags = ['--trace-gc', '--trace-gc-nvp', '--max-semi-space-size=1']
  if (runtime === 'deno') return line.replace(' run ', ` run --v8-flags=${flags.join(',')} `)
  return `${line} ${flags.join(' ')}`
}
