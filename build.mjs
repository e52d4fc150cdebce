// Builds the package into dist/: every module by the TypeScript compiler, and of the program's own
// modules one bundle, since Node takes longer to open 200 small files than to run them. What other
// people wrote stays outside of it.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('.', import.meta.url))
const program = 'adapters/cli'
const launcher = 'layerdock.cjs'

/** What decides what comes out, beside the sources. */
const settings = [
  'build.mjs',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'adapters/tsconfig.json',
]

const { values: options } = parseArgs({
  options: {
    /** Where to, other than dist/. */
    out: { type: 'string', default: join(root, 'dist') },
    /** Not where what is there was made of the same sources. */
    'if-changed': { type: 'boolean', default: false },
    /** Without checking types. */
    'no-check': { type: 'boolean', default: false },
  },
})
const { out } = options
const folder = join(out, program)
/** Says what was built, of what. */
const stamp = join(out, 'built')

const isBuilt = existsSync(stamp) && readFileSync(stamp, 'utf8') === sumOfAll()
if (!options['if-changed'] || !isBuilt) await build()

async function build() {
  rmSync(stamp, { force: true })
  const sources = sumOfSources()
  compile()
  await bundle()
  // A source that changed meanwhile may or may not be in what was built.
  if (sumOfSources() === sources) writeFileSync(stamp, sumOfAll())
}

/** Compiles every module; ends the process where that fails, which the compiler has explained. */
function compile() {
  const require = createRequire(import.meta.url)
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc')
  const flags = options['no-check'] ? ['--noCheck'] : []
  const words = [tsc, '-p', join(root, 'adapters'), '--outDir', out, ...flags]
  const { status, error } = spawnSync(process.execPath, words, { stdio: 'inherit' })
  if (error !== undefined) throw error
  if (status !== 0) process.exit(1)
}

/** Puts the bundle in the place of the program's modules. */
async function bundle() {
  for (const name of readdirSync(folder)) {
    if (name !== launcher) rmSync(join(folder, name), { recursive: true })
  }
  // Here, because a start that builds nothing does without it.
  const esbuild = await import('esbuild')
  await esbuild.build({
    entryPoints: ['main.ts', 'bcrypt-worker.ts'].map((name) => join(root, program, name)),
    outdir: folder,
    bundle: true,
    splitting: true,
    chunkNames: 'parts/[name]-[hash]',
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'es2023',
    charset: 'utf8',
    logLevel: 'warning',
  })
}

/**
 * Stands for the sources and the program made of them. By content, since a checkout may give a file an
 * older time than the one before it had.
 */
function sumOfAll() {
  return `${sumOfSources()} ${sumOfFiles(out, filesBelow(out, program))}\n`
}

function sumOfSources() {
  const sources = ['src', 'adapters'].flatMap((name) => filesBelow(root, name))
  return sumOfFiles(root, [...settings, ...sources])
}

/**
 * @param {string} folder
 * @param {readonly string[]} paths
 */
function sumOfFiles(folder, paths) {
  const hash = createHash('sha256')
  for (const path of paths) {
    const bytes = readFileSync(join(folder, path))
    hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}

/**
 * @param {string} folder
 * @param {string} below
 * @returns {string[]}
 */
function filesBelow(folder, below) {
  if (!existsSync(join(folder, below))) return []
  const entries = readdirSync(join(folder, below), { withFileTypes: true })
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${below}/${entry.name}`
      return entry.isDirectory() ? filesBelow(folder, path) : [path]
    })
}
