import { mkdirSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const folder = resolve(here, '../../node_modules/.cache/layerdock-prove')

/** Programs, and what they share, stay where they are: they find other files beside themselves. */
const programs = {
  name: 'programs',
  /** @param {import('esbuild').PluginBuild} building */
  setup(building) {
    building.onResolve({ filter: /^\..*\.mjs$/ }, ({ path, resolveDir }) => ({
      path: pathToFileURL(resolve(resolveDir, path)).href,
      external: true,
    }))
  },
}

/**
 * Makes one file of a program in TypeScript, which Node 20 does not run.
 * @param {string} entry its name in this folder
 * @returns {Promise<string>} where the file is
 */
export async function bundled(entry) {
  const outfile = resolve(folder, `${basename(entry, '.ts')}-${process.pid}.mjs`)
  mkdirSync(folder, { recursive: true })
  await build({
    entryPoints: [resolve(here, entry)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
    plugins: [programs],
  })
  return outfile
}
