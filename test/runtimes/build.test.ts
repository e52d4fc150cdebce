import { execFile } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { root, textOf } from '../architecture/source-files.ts'
import { builtProgram } from '../cli/built-program.ts'

const run = promisify(execFile)
const home = mkdtempSync(join(tmpdir(), 'layerdock-build-'))
const build = (...words: readonly string[]): Promise<unknown> =>
  run(process.execPath, [join(home, 'build.mjs'), '--no-check', ...words])

/** Gone until the next build. */
const marker = join(home, 'dist/src/index.js')

/** Whether `npm start` would compile now. */
const compiles = async (): Promise<boolean> => {
  rmSync(marker)
  await build('--if-changed')
  const compiled = existsSync(marker)
  if (!compiled) writeFileSync(marker, '')
  return compiled
}

/** A program small enough to be compiled often. */
const sources = {
  'src/index.ts': "export const name: string = 'small'\n",
  'adapters/cli/main.ts': "import { name } from '../../src/index.ts'\n\nconsole.log(name)\n",
  'adapters/cli/bcrypt-worker.ts': "import '../../src/index.ts'\n",
  'adapters/cli/layerdock.cts': "import('./main.js')\n",
}

beforeAll(async () => {
  for (const folder of ['src', 'adapters/cli']) mkdirSync(join(home, folder), { recursive: true })
  const settings = ['package.json', 'package-lock.json', 'tsconfig.json', 'adapters/tsconfig.json']
  for (const name of ['build.mjs', ...settings]) copyFileSync(join(root, name), join(home, name))
  for (const [name, text] of Object.entries(sources)) writeFileSync(join(home, name), text)
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'))
  await build()
})

afterAll(() => rmSync(home, { recursive: true }))

it('is what npm does, and ships nothing that a start leaves', () => {
  const { scripts, files } = JSON.parse(textOf('package.json')) as {
    readonly scripts: Readonly<Record<string, string>>
    readonly files: readonly string[]
  }
  expect(scripts.build).toBe('node build.mjs')
  expect(scripts.prestart).toBe('node build.mjs --if-changed')
  expect(files).toEqual(expect.arrayContaining(['!dist/built', '!dist/compiled']))
})

it('puts the program into a bundle', async () => {
  const program = readdirSync(join(await builtProgram(), 'dist/adapters/cli'))
  expect(program.sort()).toEqual([
    'bcrypt-worker.js',
    'layerdock.cjs',
    'licenses.txt',
    'main.js',
    'parts',
  ])
})

it('compiles nothing where nothing changed', async () => {
  expect(await compiles()).toBe(false)
})

it('compiles what changed, whatever the times of the files say', async () => {
  const source = join(home, 'src/index.ts')
  const { atime, mtime } = statSync(source)
  appendFileSync(source, '\n')
  utimesSync(source, atime, mtime)
  expect(await compiles()).toBe(true)
  expect(await compiles()).toBe(false)
})

it('compiles where a source or a setting was added, or one is gone', async () => {
  const source = join(home, 'src/more.ts')
  writeFileSync(source, '')
  expect(await compiles()).toBe(true)
  rmSync(source)
  expect(await compiles()).toBe(true)
  appendFileSync(join(home, 'tsconfig.json'), '\n')
  expect(await compiles()).toBe(true)
})

it('compiles where the program is not the one that was built', async () => {
  appendFileSync(join(home, 'dist/adapters/cli/main.js'), '\n')
  expect(await compiles()).toBe(true)
})

it('compiles again after an error', async () => {
  const source = join(home, 'src/broken.ts')
  writeFileSync(source, 'export const broken = ][\n')
  await expect(build('--if-changed')).rejects.toThrow()
  await expect(build('--if-changed')).rejects.toThrow()
  rmSync(source)
  expect(await compiles()).toBe(true)
})
