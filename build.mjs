// Builds the package into dist/. The TypeScript compiler makes every module. A bundle then replaces the program's own
// modules: it has one file for each part of a start, because opening hundreds of small files takes longer than running
// them. The bundle has copies of its own of the library's modules, and no module of it imports the library's files.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('.', import.meta.url))
const program = 'adapters/cli'
const launcher = 'layerdock.cjs'

/**
 * Each of these modules becomes one file of the bundle, with all that it imports. What two of them import is in the
 * file of the earlier one.
 */
const loadedTogether = [
  'adapters/cli/main.ts',
  'adapters/cli/serve-command.ts',
  'adapters/node-http/serve.ts',
  'adapters/cli/serve-access.ts',
  'src/ui/page-answer.ts',
]

/** Every start needs these packages, so they are in the bundle. Others are loaded from where npm puts them. */
const bundledPackages = ['@hono/node-server', '@noble/hashes', 'hono', 'valibot']

/** A change of one of these files changes the result, as a change of a source does. */
const settings = [
  'build.mjs',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'adapters/tsconfig.json',
]

const { values: options } = parseArgs({
  options: {
    /** The folder to build into. */
    out: { type: 'string', default: join(root, 'dist') },
    /** Builds only where the sources have changed since the last build. */
    'if-changed': { type: 'boolean', default: false },
    /** Checks no types. */
    'no-check': { type: 'boolean', default: false },
  },
})
const { out } = options
const folder = join(out, program)
/** This file has the sums of what was built, and of its sources. */
const stamp = join(out, 'built')

const isBuilt = existsSync(stamp) && readFileSync(stamp, 'utf8') === sumOfAll()
if (!options['if-changed'] || !isBuilt) await build()

async function build() {
  rmSync(stamp, { force: true })
  const sources = sumOfSources()
  compile()
  await bundle()
  // A source that changed during the build may be in the result or not: then the next build runs again.
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
  // Imported here, because a run that builds nothing does not need them.
  const { rolldown } = await import('rolldown')
  const esbuild = await import('esbuild')
  const entries = ['main', 'bcrypt-worker'].map((name) => [name, join(root, program, `${name}.ts`)])
  const modules = await rolldown({
    input: Object.fromEntries(entries),
    platform: 'node',
    external: (id) => !id.startsWith('.') && !isAbsolute(id) && !isBundled(id),
    // `import()` may ask for a module that another file already imports.
    checks: { ineffectiveDynamicImport: false },
    preserveEntrySignatures: 'allow-extension',
  })
  /** @type {import('rolldown').OutputOptions} */
  const output = { dir: folder, format: 'esm', chunkFileNames: 'parts/[name]-[hash].js' }
  const { output: small } = await modules.generate(output)
  const { output: files } = await modules.write({
    ...output,
    comments: false,
    codeSplitting: { includeDependenciesRecursively: false, groups: groupsOf(small) },
    plugins: [
      {
        name: 'in ASCII',
        // V8 keeps a text with one other character in twice the memory, and takes longer to read it.
        renderChunk: async (code) =>
          (await esbuild.transform(code, { charset: 'ascii', target: 'es2023' })).code,
      },
    ],
  })
  refuseUnknownPackages(files)
  writeFileSync(join(folder, 'licenses.txt'), licensesOf(files))
}

/** @param {string} id */
function isBundled(id) {
  return bundledPackages.some((name) => id === name || id.startsWith(`${name}/`))
}

/**
 * A group of modules for each of `loadedTogether`: the module, and what it imports directly or through others,
 * without what an earlier group has.
 * @param {readonly (import('rolldown').OutputChunk | import('rolldown').OutputAsset)[]} files of a bundle that has
 *   a chunk for each set of modules that any two imports share
 */
function groupsOf(files) {
  const chunks = files.filter((file) => file.type === 'chunk')
  const taken = new Set()
  return loadedTogether.flatMap((path) => {
    const entry = chunks.find((chunk) => chunk.facadeModuleId === join(root, path))
    if (entry === undefined) return []
    const reached = new Set([entry])
    for (const { imports } of reached) {
      for (const chunk of chunks) if (imports.includes(chunk.fileName)) reached.add(chunk)
    }
    const modules = [...reached].flatMap(({ moduleIds }) => moduleIds)
    const own = new Set(modules.filter((id) => !taken.has(id)))
    for (const id of own) taken.add(id)
    return [{ name: basename(path, '.ts'), test: (/** @type {string} */ id) => own.has(id) }]
  })
}

/**
 * Refuses a bundle that imports what is no dependency. A bundler may add helpers of its own, which are missing where
 * the package is installed.
 * @param {readonly (import('rolldown').OutputChunk | import('rolldown').OutputAsset)[]} files
 */
function refuseUnknownPackages(files) {
  const names = new Set(files.map(({ fileName }) => fileName))
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  const known = Object.keys({ ...dependencies, ...peerDependencies })
  for (const file of files) {
    if (file.type !== 'chunk') continue
    for (const name of [...file.imports, ...file.dynamicImports]) {
      const isKnown = known.some((other) => name === other || name.startsWith(`${other}/`))
      if (!names.has(name) && !isBuiltin(name) && !isKnown) {
        throw new Error(`${file.fileName} imports ${name}, which is no dependency`)
      }
    }
  }
}

/**
 * The licenses of the packages that are part of the bundle, which each ask to be kept with it.
 * @param {readonly (import('rolldown').OutputChunk | import('rolldown').OutputAsset)[]} files
 */
function licensesOf(files) {
  const ids = files.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
  const found = ids.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? [])
  const texts = [...new Set(found)].sort().map((path) => {
    const { name, version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
    const file = readdirSync(path).find((entry) => /^licen[cs]e/i.test(entry))
    if (file === undefined) throw new Error(`${path} has no license`)
    return `${name} ${version}\n\n${readFileSync(join(path, file), 'utf8').trim()}\n`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
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
