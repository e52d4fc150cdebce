// Installs the package as `npm publish` would send it into an empty project, and uses it there: the
// command, the types and the exports have to work without this repository around them.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const project = mkdtempSync(join(tmpdir(), 'layerdock-tarball-'))
const run = (command, args, cwd = project) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

try {
  const packed = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', project], root))
  const [entry] = Array.isArray(packed) ? packed : Object.values(packed)
  writeFileSync(join(project, 'package.json'), '{"name":"empty","private":true,"type":"module"}')
  run('npm', ['install', '--no-audit', '--no-fund', join(project, entry.filename)])

  const bin = join(project, 'node_modules/.bin/layerdock')
  const version = run(bin, ['--version']).trim()
  if (!version.includes(entry.version)) throw new Error(`--version says ${version}`)

  writeFileSync(
    join(project, 'use.ts'),
    `import { createRegistry, type Registry } from 'layerdock'
import { openRegistry, serve } from 'layerdock/node'
import type { BlobStore } from 'layerdock/kit'
import { blobStoreContract } from 'layerdock/testing'
const registry: Registry = createRegistry()
const answer: Response = await registry.fetch(new Request('http://localhost/v2/'))
if (answer.status !== 200 || blobStoreContract.length === 0) throw new Error('not a registry')
export const kept: [typeof openRegistry, typeof serve, BlobStore | null] = [openRegistry, serve, null]
`,
  )
  const tsc = join(root, 'node_modules/.bin/tsc')
  const types = join(root, 'node_modules/@types')
  const options = ['--module', 'nodenext', '--target', 'es2023', '--strict', '--typeRoots', types]
  run(tsc, ['--types', 'node', ...options, 'use.ts'])
  run(process.execPath, ['use.js'])

  await serveAndAsk(bin)
  process.stdout.write(`${entry.filename}: ${entry.files.length} files, installed, typed and run\n`)
} finally {
  rmSync(project, { recursive: true, force: true })
}

async function serveAndAsk(bin) {
  const server = spawn(bin, ['serve', '--listen', '127.0.0.1:0', '--memory'], { cwd: project })
  try {
    const address = await new Promise((found, lost) => {
      let said = ''
      const look = (chunk) => {
        said += chunk
        const match = /127\.0\.0\.1:(\d+)/.exec(said)
        if (match !== null) found(match[0])
      }
      server.stdout.on('data', look)
      server.stderr.on('data', look)
      server.on('exit', (code) => lost(new Error(`the server ended with ${code}: ${said}`)))
    })
    const answer = await fetch(`http://${address}/v2/`)
    if (answer.status !== 200) throw new Error(`/v2/ answered ${answer.status}`)
  } finally {
    server.kill()
  }
}
