import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const project = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(project, 'node_modules/.cache/layerdock')
const run = promisify(execFile)

/** Folders of earlier sources that nothing was built into for so long are removed, in milliseconds. */
const keptMs = 60 * 60 * 1000

/**
 * A folder that stands for the package, with the program compiled as it ships. One build of the same sources serves
 * all files of tests, in this run and in later ones.
 */
export function builtProgram(): Promise<string> {
  built ??= findOrBuild()
  return built
}

/** Looked for once in a process, since that reads all sources. */
let built: Promise<string> | null = null

async function findOrBuild(): Promise<string> {
  const folder = join(cache, `program-${sumOfSources()}`)
  if (existsSync(folder)) return folder
  await mkdir(cache, { recursive: true })
  await removeEarlier()
  const fresh = await mkdtemp(join(cache, 'building-'))
  copyFileSync(join(project, 'package.json'), join(fresh, 'package.json'))
  symlinkSync(join(project, 'node_modules'), join(fresh, 'node_modules'))
  await run(process.execPath, [
    join(project, 'build.mjs'),
    '--out',
    join(fresh, 'dist'),
    '--no-check',
  ])
  try {
    await rename(fresh, folder)
  } catch (error) {
    // Another worker was faster.
    await rm(fresh, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

async function removeEarlier(): Promise<void> {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name)
    if (!/^(?:program|building)-/.test(name)) continue
    if (Date.now() - statSync(path).mtimeMs < keptMs) continue
    await rm(path, { recursive: true, force: true })
  }
}

function sumOfSources(): string {
  const hash = createHash('sha256')
  const add = (path: string): void => {
    hash.update(`${path}\0`).update(readFileSync(join(project, path)))
  }
  for (const path of ['build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json']) add(path)
  const addAll = (folder: string): void => {
    const entries = readdirSync(join(project, folder), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) addAll(path)
      else add(path)
    }
  }
  for (const folder of ['src', 'adapters']) addAll(folder)
  return hash.digest('hex').slice(0, 32)
}
