import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import {
  misses,
  readOldSuiteOutput,
  readSuiteOutput,
  resultsFileMisses,
  troubles,
} from './totals.mjs'

const suiteModule = 'github.com/opencontainers/distribution-spec/conformance'
const suiteVersion = 'v0.0.0-20260831232431-97274622c111'

/**
 * Where a suite's program comes from.
 * @typedef {object} Program
 * @property {string} version
 * @property {(dir: string, env: Record<string, string>) => string[]} command how to run it, with
 *   only what is given in its environment and working folder
 */

/**
 * One suite with one profile, and its required result.
 * @typedef {object} Suite
 * @property {string} name
 * @property {'rewritten' | 'v1.1.0'} program
 * @property {readonly string[]} serverArgs
 * @property {{ passed: number, disabled: number, skipped: number }} expected
 * @property {(host: string, prefix: string) => Record<string, string>} env
 * @property {(dir: string, output: string) => { totals: import('./totals.mjs').Totals, misses: string[] }} judge
 */

/** @type {readonly Suite[]} */
export const suites = [
  rewritten({
    name: 'dev, sparse',
    version: 'dev',
    extra: { OCI_DATA_SPARSE: 'true' },
    serverArgs: ['--allow-sparse'],
    expected: { passed: 1032, disabled: 0, skipped: 0 },
    off: [],
  }),
  rewritten({
    name: '1.1',
    version: '1.1',
    extra: {},
    serverArgs: [],
    expected: { passed: 860, disabled: 2, skipped: 0 },
    off: [
      ...['digestHeader', 'uploadCancel', 'tagParam', 'sparse'],
      ...['Blob upload cancel', 'Manifest put with tag params'],
      ...['Sparse Manifests', 'Tag Param', 'Tag Param sha512'],
    ],
  }),
  {
    name: 'v1.1.0',
    program: 'v1.1.0',
    serverArgs: [],
    // Four specs are for other behaviour (a refused mount, forbidden pushes): 76 of 80 is all of them.
    expected: { passed: 76, disabled: 0, skipped: 4 },
    env: (host, prefix) => ({
      OCI_ROOT_URL: `http://${host}`,
      OCI_NAMESPACE: `${prefix}/a`,
      OCI_CROSSMOUNT_NAMESPACE: `${prefix}/b`,
      OCI_AUTOMATIC_CROSSMOUNT: '1',
      OCI_TEST_PULL: '1',
      OCI_TEST_PUSH: '1',
      OCI_TEST_CONTENT_DISCOVERY: '1',
      OCI_TEST_CONTENT_MANAGEMENT: '1',
      OCI_REPORT_DIR: 'out',
    }),
    judge(dir, output) {
      const run = readOldSuiteOutput(output)
      const found = misses(run, this.expected)
      if (readResult(dir, 'junit.xml') === '') found.push('junit.xml is not there')
      return { totals: run.totals, misses: found }
    },
  },
]

/**
 * @param {object} profile
 * @param {string} profile.name
 * @param {string} profile.version
 * @param {Record<string, string>} profile.extra
 * @param {readonly string[]} profile.serverArgs
 * @param {{ passed: number, disabled: number, skipped: number }} profile.expected
 * @param {readonly string[]} profile.off
 * @returns {Suite}
 */
function rewritten({ name, version, extra, serverArgs, expected, off }) {
  return {
    name,
    program: 'rewritten',
    serverArgs,
    expected,
    env: (host, prefix) => ({
      OCI_REGISTRY: host,
      OCI_TLS: 'disabled',
      OCI_VERSION: version,
      OCI_REPO1: `${prefix}/r1`,
      OCI_REPO2: `${prefix}/r2`,
      OCI_RESULTS_DIR: 'out',
      ...extra,
    }),
    judge(dir, output) {
      const run = readSuiteOutput(output)
      const file = readResult(dir, 'results.yaml')
      const found = [...misses(run, expected), ...resultsFileMisses(file, { version, off })]
      return { totals: run.totals, misses: found }
    },
  }
}

/** @param {string} dir @param {string} name */
function readResult(dir, name) {
  const path = join(dir, 'out', name)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/**
 * The suites' programs on this machine, or the reason why one is missing.
 * @param {{ image?: string | undefined, oldImage?: string | undefined }} docker images that hold
 *   the suites, instead of programs
 * @returns {Record<Suite['program'], Program | string>}
 */
export function findPrograms({ image, oldImage }) {
  return {
    rewritten: image !== undefined ? inDocker(image) : findRewritten(),
    'v1.1.0': oldImage !== undefined ? inDocker(oldImage) : findOld(),
  }
}

/** @returns {Program | string} */
function findRewritten() {
  const given = process.env.LAYERDOCK_CONFORMANCE
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) return `LAYERDOCK_CONFORMANCE names ${given}, which is not there`
    return { version: versionInside(given), command: () => [given] }
  }
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const bin = join(cache, 'layerdock', `conformance-${suiteVersion}`)
  const program = join(bin, 'conformance')
  if (!existsSync(program)) {
    mkdirSync(bin, { recursive: true })
    try {
      execFileSync('go', ['install', `${suiteModule}@${suiteVersion}`], {
        env: { ...process.env, GOBIN: bin },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
    } catch (error) {
      const said = /** @type {Error} */ (error).message.split('\n')[0]
      return `LAYERDOCK_CONFORMANCE is not set, and it could not be built: ${said}`
    }
  }
  return { version: suiteVersion, command: () => [program] }
}

/** @returns {Program | string} */
function findOld() {
  const given = process.env.LAYERDOCK_CONFORMANCE_V1_1
  if (given === undefined || given === '') {
    return 'LAYERDOCK_CONFORMANCE_V1_1 is not set (no module proxy serves this suite)'
  }
  if (!existsSync(given)) return `LAYERDOCK_CONFORMANCE_V1_1 names ${given}, which is not there`
  return { version: 'v1.1.0', command: () => [given, '-ginkgo.no-color'] }
}

/**
 * A Go program carries the version of its own module.
 * @param {string} path
 * @returns {string}
 */
function versionInside(path) {
  const bytes = readFileSync(path)
  const at = bytes.indexOf(`mod\t${suiteModule}\t`)
  const line = at === -1 ? '' : bytes.subarray(at, at + 200).toString('latin1')
  return line.split(/[\t\n]/)[2] ?? 'unknown'
}

/** @param {string} image @returns {Program} */
function inDocker(image) {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
  return {
    version: `image ${image}`,
    command: (dir, env) => [
      ...['docker', 'run', '--rm', '--network', 'host', '-u', user, '-v', `${dir}:${dir}`],
      ...['-w', dir, ...Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`])],
      image,
    ],
  }
}

/**
 * Runs one suite in a folder of its own and compares it with its required result.
 * @param {Suite} suite
 * @param {Program} program
 * @param {{ dir: string, host: string, prefix: string }} place `dir`: empty, and left as it ends
 * @returns {Promise<{ totals: import('./totals.mjs').Totals | null, misses: string[] }>}
 */
export async function runSuite(suite, program, { dir, host, prefix }) {
  const settings = suite.env(host, prefix)
  mkdirSync(join(dir, 'out'))
  const [command, ...args] = program.command(dir, settings)
  // The caller's OCI_… and proxy variables must not reach the suite.
  const env = { PATH: process.env.PATH ?? '', HOME: dir, ...settings }
  const { output, status } = await collect(command ?? '', args, { cwd: dir, env })
  writeFileSync(join(dir, 'output.txt'), output)
  try {
    const { totals, misses: found } = suite.judge(dir, output)
    if (status !== 0) found.push(`it ended with ${status}`)
    if (found.length > 0) found.push(...troubles(output).slice(0, 20))
    return { totals, misses: found }
  } catch (error) {
    const said = /** @type {Error} */ (error).message
    return { totals: null, misses: [said, `it ended with ${status}`, output.slice(-500)] }
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: Record<string, string> }} options
 * @returns {Promise<{ output: string, status: number | string }>}
 */
function collect(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] })
    const tooLong = setTimeout(() => child.kill('SIGKILL'), 300_000)
    let output = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text) => {
      output += text
    })
    child.on('error', (error) => resolve({ output, status: error.message }))
    child.on('close', (code, signal) => {
      clearTimeout(tooLong)
      resolve({ output, status: code ?? signal ?? 'nothing' })
    })
  })
}
