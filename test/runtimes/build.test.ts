import { execFile } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
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

beforeAll(async () => {
  const parts = ['build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json']
  for (const name of [...parts, 'src', 'adapters']) {
    cpSync(join(root, name), join(home, name), { recursive: true })
  }
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

it('puts the program into a bundle', () => {
  const program = readdirSync(join(home, 'dist/adapters/cli'))
  expect(program.sort()).toEqual(['bcrypt-worker.js', 'layerdock.cjs', 'main.js', 'parts'])
})

it('compiles nothing where nothing changed', async () => {
  expect(await compiles()).toBe(false)
})

it('compiles what changed, whatever the times of the files say', async () => {
  const source = join(home, 'src/oci/digest.ts')
  const { atime, mtime } = statSync(source)
  appendFileSync(source, '\n')
  utimesSync(source, atime, mtime)
  expect(await compiles()).toBe(true)
  expect(await compiles()).toBe(false)
})

it('compiles where a source or a setting was added, or one is gone', async () => {
  const source = join(home, 'src/oci/more.ts')
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
  const source = join(home, 'src/oci/broken.ts')
  writeFileSync(source, 'export const broken = ][\n')
  await expect(build('--if-changed')).rejects.toThrow()
  await expect(build('--if-changed')).rejects.toThrow()
  rmSync(source)
  expect(await compiles()).toBe(true)
})
