// Makes layerdock a single-file executable, for machines without a JavaScript runtime of their own:
// `npm run executable -- node` or `bun`, which puts that runtime in it. What it makes is for this system and processor.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('.', import.meta.url))
const cli = join(root, 'adapters/cli')
const require = createRequire(import.meta.url)

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  minify: true,
  keepNames: true,
  platform: 'node',
  target: 'node20',
  charset: 'utf8',
  logLevel: 'warning',
  // A peer of the package, which people install beside it.
  external: ['@aws-sdk/credential-providers'],
}

const importedRequire =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);"

/** What marks the place in a Node executable where a program can be put. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    /** Where to, other than dist/executables/layerdock-RUNTIME. */
    out: { type: 'string' },
  },
})
const [runtime = ''] = positionals
const makers = { node: withNode, bun: withBun }
if (!Object.hasOwn(makers, runtime) || positionals.length > 1) {
  process.stderr.write('usage: npm run executable -- node|bun [--out FILE]\n')
  process.exit(2)
}
const out = resolve(values.out ?? join(root, `dist/executables/layerdock-${runtime}`))
const folder = mkdtempSync(join(tmpdir(), 'layerdock-executable-'))
try {
  const made = join(folder, 'layerdock')
  await makers[/** @type {keyof typeof makers} */ (runtime)](made)
  chmodSync(made, 0o755)
  mkdirSync(dirname(out), { recursive: true })
  // Whole or not at all, also while the one before it runs.
  copyFileSync(made, `${out}.new`)
  renameSync(`${out}.new`, out)
  process.stdout.write(`${out}\n`)
} finally {
  rmSync(folder, { recursive: true })
}

/**
 * As a single executable application of the Node that runs this.
 * @param {string} made
 */
async function withNode(made) {
  if (!readFileSync(process.execPath).includes(fuse)) {
    fail(`${process.execPath} cannot hold a program: take a Node from nodejs.org`)
  }
  const main = join(folder, 'main.cjs')
  await bundle(main, 'cjs', [
    // As in layerdock.cts.
    "process.env.UV_THREADPOOL_SIZE ??= '8'",
    "require('node:v8').setFlagsFromString('--no-concurrent-sweeping')",
    "require('./main.ts')",
  ])
  const settings = join(folder, 'sea.json')
  const blob = join(folder, 'sea.blob')
  const known = { main, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true }
  writeFileSync(settings, JSON.stringify(known))
  run(process.execPath, ['--experimental-sea-config', settings])
  copyFileSync(process.execPath, made)
  chmodSync(made, 0o755)
  const postject = require.resolve('postject/dist/cli.js')
  run(process.execPath, [postject, made, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse])
}

/**
 * As `bun build --compile` makes it.
 * @param {string} made
 */
async function withBun(made) {
  const main = join(folder, 'main.mjs')
  await bundle(main, 'esm', ["require('./main.ts')"])
  const own = join(root, 'node_modules/.bin/bun')
  const bun = existsSync(own) ? own : 'bun'
  run(bun, ['build', '--compile', '--bytecode', '--format=esm', main, '--outfile', made])
}

/**
 * Bundles the program into one file, with all that other people wrote.
 * @param {string} outfile
 * @param {'cjs' | 'esm'} format
 * @param {readonly string[]} lines of its first module
 */
async function bundle(outfile, format, lines) {
  const worker = await build({
    ...common,
    entryPoints: [join(cli, 'bcrypt-worker.ts')],
    format: 'esm',
    write: false,
  })
  const text = worker.outputFiles[0]?.text ?? ''
  await build({
    ...common,
    stdin: { contents: lines.join('\n'), resolveDir: cli },
    outfile,
    format,
    // A program inside of Node has nothing but `require` for what Node has built in.
    supported: { 'dynamic-import': format === 'esm' },
    // No function of it is called: what it stands for is replaced.
    logOverride: { 'empty-import-meta': 'silent' },
    plugins: [inOneFile(text)],
    // For packages that call it.
    ...(format === 'esm' ? { banner: { js: importedRequire } } : {}),
  })
}

/**
 * Puts in what the program else finds in files beside it: its thread, its version, and packages by their names.
 * @param {string} worker JavaScript
 * @returns {import('esbuild').Plugin}
 */
function inOneFile(worker) {
  const url = `data:text/javascript;base64,${Buffer.from(worker).toString('base64')}`
  const packages = requiredPackages().map((name) => `['${name}', () => require('${name}')]`)
  /** @type {Readonly<Record<string, string>>} */
  const modules = {
    './bcrypt-worker-file.ts': `export const bcryptWorkerFile = () => new URL('${url}')`,
    'node:module': `
      import { version } from './package.json'
      const known = new Map([${packages}, ['layerdock/package.json', () => ({ version })]])
      export const createRequire = () => (name) => {
        const load = known.get(name)
        if (load === undefined) throw new Error('the executable has no ' + name)
        return load()
      }`,
  }
  return {
    name: 'in one file',
    setup(build) {
      build.onResolve(
        { filter: /^(?:\.\/bcrypt-worker-file\.ts|node:module)$/ },
        ({ path, importer }) =>
          importer.startsWith(cli + sep) ? { path, namespace: 'in-one-file' } : undefined,
      )
      build.onLoad({ filter: /.*/, namespace: 'in-one-file' }, ({ path }) => ({
        contents: modules[path] ?? '',
        resolveDir: root,
      }))
    },
  }
}

/** The packages that the program loads by name once it needs them, as its sources say. */
function requiredPackages() {
  const files = readdirSync(cli, { recursive: true, encoding: 'utf8' })
  const texts = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(cli, file), 'utf8'))
  const names = texts.flatMap((text) =>
    [...text.matchAll(/createRequire\(import\.meta\.url\)\('([^']+)'\)/g)].map(([, name]) => name),
  )
  return [...new Set(names)]
}

/**
 * Runs a command, and throws where it fails.
 * @param {string} program
 * @param {readonly string[]} words
 */
function run(program, words) {
  execFileSync(program, words, { stdio: 'pipe' })
}

/** @param {string} problem */
function fail(problem) {
  process.stderr.write(`${problem}\n`)
  process.exit(1)
}
