import { readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePorts } from '../../bench/spawn.mjs'
import { startProgram } from '../../conformance/servers.mjs'
import { builtProgram } from '../cli/built-program.ts'

let home = ''

/** Notes each file of a module in the file `opened`, on the thread that loads and on the main one. */
const noteModules = (opened: string): string => {
  const file = JSON.stringify(opened)
  const hook = `
    import { appendFileSync } from 'node:fs'
    export async function load(url, context, next) {
      appendFileSync(${file}, url + '\\n')
      return next(url, context)
    }`
  return `
    import { appendFileSync } from 'node:fs'
    import Module, { register } from 'node:module'
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)})
    const open = Module._extensions['.js']
    Module._extensions['.js'] = (module, file) => {
      appendFileSync(${file}, file + '\\n')
      return open(module, file)
    }`
}

/** The files of modules that a server has opened once it answers, without those of Node itself. */
async function filesOpened(...flags: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(home, 'start-'))
  const opened = join(folder, 'opened')
  const preload = join(folder, 'preload.mjs')
  writeFileSync(opened, '')
  writeFileSync(preload, noteModules(opened))
  const entry = join(await builtProgram(), 'dist/adapters/cli/layerdock.cjs')
  const [port = 0] = await freePorts(1)
  const at = `127.0.0.1:${port}`
  const serve = ['serve', '--listen', at, '--storage-dir', join(folder, 'store'), '--log', 'warn']
  const server = await startProgram(
    process.execPath,
    ['--import', preload, entry, ...serve, ...flags],
    at,
  )
  await server.stop()
  const own = realpathSync(dirname(entry))
  const names = readFileSync(opened, 'utf8').trim().split('\n')
  const files = names
    .filter((name) => !/^(?:node|data):/.test(name))
    .map((name) => relative(own, name.startsWith('file:') ? fileURLToPath(name) : name))
    .map((name) => name.replace(/-[\w-]{8}(?=\.js$)/, ''))
  return [...new Set(files)].sort()
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'layerdock-files-'))
})

afterAll(() => rmSync(home, { recursive: true }))

const program = [
  'layerdock.cjs',
  'main.js',
  'parts/rolldown-runtime.js',
  'parts/serve-command.js',
  'parts/serve.js',
]

it('opens a few large files at the start, and none of a package', async () => {
  expect(await filesOpened()).toEqual(program)
})

it('opens a few more where it asks for a login', async () => {
  const users = join(home, 'users')
  const hash = '$2b$10$GZ2mDBJBCV2ZqAfGNw5lQuHDWxSNvMYHTLeJdrM4AtkmwIEVLjKUG'
  writeFileSync(users, `someone:${hash}\n`, { mode: 0o600 })
  const opened = await filesOpened('--htpasswd', users)
  expect(opened).toEqual(expect.arrayContaining(program))
  expect(opened.length).toBeLessThan(program.length + 6)
})
