import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('..', import.meta.url))

/**
 * How to find one runtime and make it run the server. A new runtime is a new row.
 * @typedef {object} Runtime
 * @property {string} title
 * @property {string} entry the program it runs, a path inside the project
 * @property {(wanted: string) => { command: string[], version: string }} find
 *   `wanted`: a version, or the command line that starts the runtime
 */

/** @type {Readonly<Record<string, Runtime>>} */
export const runtimes = {
  node: { title: 'Node', entry: 'dist/adapters/cli/layerdock.cjs', find: findNode },
  // These two run the sources.
  bun: { title: 'Bun', entry: 'adapters/cli/main.ts', find: remembered(findBun) },
  deno: { title: 'Deno', entry: 'adapters/cli/main.ts', find: remembered(findDeno) },
  // The example's own stores: here "disk" outlives the runtime, and "memory" does not.
  workerd: { title: 'workerd', entry: 'examples/cloudflare/local.mjs', find: findWorkerd },
}

/**
 * The executable itself, not the npx that may lead to it: a signal must reach the server.
 * @param {string} wanted `current`, a version such as `26`, or a command line
 * @returns {{ command: string[], version: string }}
 * @throws {Error} when it cannot be run
 */
function findNode(wanted) {
  if (wanted === 'current') return { command: [process.execPath], version: process.versions.node }
  const line = /^\d[\d.]*$/.test(wanted) ? `npx -y -p node@${wanted} -- node` : wanted
  const [program, ...args] = line.split(/\s+/)
  const probe = 'console.log(process.execPath); console.log(process.versions.node)'
  const output = execFileSync(program ?? '', [...args, '-e', probe], { encoding: 'utf8' })
  const [path, version] = output.trim().split('\n').slice(-2)
  if (path === undefined || version === undefined) throw new Error(`${line} did not answer`)
  return { command: [path], version }
}

/**
 * Remembers what was found, since asking a runtime for its version starts it.
 * @param {Runtime['find']} find
 * @returns {Runtime['find']}
 */
function remembered(find) {
  /** @type {Map<string, ReturnType<Runtime['find']>>} */
  const known = new Map()
  return (wanted) => {
    const found = known.get(wanted) ?? find(wanted)
    known.set(wanted, found)
    return found
  }
}

/**
 * @param {string} wanted `current`, which is the one that is installed here, or a program
 * @returns {{ command: string[], version: string }}
 * @throws {Error} when it cannot be run
 */
function findBun(wanted) {
  const program = wanted === 'current' ? installed('bun') : wanted
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()
  return { command: [program], version }
}

/**
 * @param {string} wanted `current`, which is the one that is installed here, or a program
 * @returns {{ command: string[], version: string }}
 * @throws {Error} when it cannot be run
 */
function findDeno(wanted) {
  const program = wanted === 'current' ? installed('deno') : wanted
  const output = execFileSync(program, ['--version'], { encoding: 'utf8' })
  const version = /^deno (\S+)/.exec(output)?.[1] ?? output.trim()
  return { command: [program, 'run', '--no-prompt', ...denoPermissions()], version }
}

/**
 * Miniflare, which runs on Node, starts it.
 * @param {string} _wanted only what is installed here
 * @returns {{ command: string[], version: string }}
 */
function findWorkerd(_wanted) {
  const file = `${project}node_modules/workerd/package.json`
  if (!existsSync(file)) throw new Error('workerd is not installed: run `npm ci` first')
  return { command: [process.execPath], version: JSON.parse(readFileSync(file, 'utf8')).version }
}

/**
 * The permissions that `deno task serve` gives the server, and no others.
 * @returns {string[]}
 */
export function denoPermissions() {
  const { tasks } = JSON.parse(readFileSync(`${project}deno.json`, 'utf8'))
  return tasks.serve.split(' ').filter((/** @type {string} */ word) => word.startsWith('--allow-'))
}

/** @param {string} name @returns {string} the executable itself, not the link that npm made */
function installed(name) {
  const link = `${project}node_modules/.bin/${name}`
  if (!existsSync(link)) throw new Error(`${name} is not installed: run \`npm ci\` first`)
  return realpathSync(link)
}

/**
 * A server that this module started.
 * @typedef {object} RunningServer
 * @property {string} host `127.0.0.1:PORT`
 * @property {number} pid
 * @property {number} readyMs from start to the first answer, in milliseconds
 * @property {() => string} output what it has printed, at most the last 64 KiB
 * @property {() => Promise<void>} stop asks it to end (SIGTERM), and after 100 seconds kills it
 * @property {() => Promise<void>} kill SIGKILL, and waits until it is gone
 */

/** @param {string} entry of a runtime @returns {string} where it is */
export function entryPath(entry) {
  return `${project}${entry}`
}

/**
 * Starts the built server on a free loopback port and waits until it answers.
 * @param {object} options
 * @param {readonly string[]} options.command the runtime's executable, and its own arguments
 * @param {string} options.entry
 * @param {'disk' | 'memory'} options.store
 * @param {string} options.dir where the disk store is
 * @param {readonly string[]} [options.args] more arguments for `serve`
 * @returns {Promise<RunningServer>}
 * @throws {Error} when it ends, or does not answer within 100 seconds; what it printed is included
 */
export async function startServer({ command, entry, store, dir, args = [] }) {
  const main = entryPath(entry)
  if (!existsSync(main)) throw new Error(`${entry} is not there: run \`npm run build\` first`)
  const [program, ...before] = command
  const where = store === 'memory' ? ['--memory'] : ['--storage-dir', dir]
  const serve = [main, 'serve', '--listen', '127.0.0.1:0', ...where, ...args]
  return startProgram(program ?? '', [...before, ...serve])
}

/**
 * Starts any registry and waits until it answers.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} [at] `127.0.0.1:PORT`; where it is missing, the program prints it
 * @param {Readonly<Record<string, string>>} [env] more variables of its environment
 * @returns {Promise<RunningServer>}
 * @throws {Error} when it ends, or does not answer within 100 seconds; what it printed is included
 */
export async function startProgram(program, args, at, env = {}) {
  const began = performance.now()
  const child = spawn(program, args, {
    cwd: tmpdir(),
    env: { ...plainEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  ended.catch(() => {})
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text) => {
      printed = (printed + text).slice(-65_536)
    })
  }
  const endWithUs = () => child.kill('SIGKILL')
  process.once('exit', endWithUs)
  const gone = async () => {
    await ended
    process.removeListener('exit', endWithUs)
  }
  const kill = async () => {
    child.kill('SIGKILL')
    await gone()
  }
  try {
    const host = await firstAnswer(child, () => at ?? printed)
    return {
      host,
      pid: child.pid ?? 0,
      readyMs: performance.now() - began,
      output: () => printed,
      kill,
      stop: async () => {
        const tooLong = setTimeout(() => child.kill('SIGKILL'), 100_000)
        child.kill('SIGTERM')
        await gone()
        clearTimeout(tooLong)
      },
    }
  } catch (error) {
    if (child.pid !== undefined) await kill()
    throw new Error(`the server did not start: ${error}\n${printed.slice(-4000)}`)
  }
}

/** @param {number} count @returns {Promise<number[]>} ports of loopback that were free just now */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = []
  for (const server of servers) {
    await /** @type {Promise<void>} */ (
      new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    )
    const address = server.address()
    if (address !== null && typeof address === 'object') ports.push(address.port)
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return ports
}

/** Leaves out our own variables, such as LAYERDOCK_CONFORMANCE, which are not settings of the server. */
function plainEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('LAYERDOCK_'))
  return Object.fromEntries(kept)
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {() => string} printed
 * @returns {Promise<string>} host and port, once `GET /v2/` is answered: 200, or 401 where it asks for a login
 */
async function firstAnswer(child, printed) {
  const deadline = Date.now() + 100_000
  while (Date.now() < deadline) {
    if (child.pid === undefined) throw new Error(`${child.spawnfile} cannot be run`)
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`it ended with ${child.exitCode ?? child.signalCode}`)
    }
    const port = /127\.0\.0\.1:(\d+)/.exec(printed())?.[1]
    if (port !== undefined && port !== '0') {
      const host = `127.0.0.1:${port}`
      const status = await fetch(`http://${host}/v2/`).then(
        (response) => response.status,
        () => 0,
      )
      if (status === 200 || status === 401) return host
    }
    await new Promise((next) => setTimeout(next, 10))
  }
  throw new Error('no answer within 100 seconds')
}
