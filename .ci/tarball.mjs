// Installs the package as `npm publish` would send it into an empty project, and uses it there: the
// command, the types and the exports have to work without this repository around them, on Node, Bun
// and Deno.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const project = mkdtempSync(join(tmpdir(), 'layerdock-tarball-'))
const run = (command, args, cwd = project) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
const tool = (name) => join(root, 'node_modules/.bin', name)

const use = `import { createRegistry, type Registry } from 'layerdock'
import type { DiskRegistry } from 'layerdock/node'
import type { BlobStore } from 'layerdock/kit'
import { blobStoreContract, image, testRegistry } from 'layerdock/testing'

const registry: Registry = createRegistry()
const answer: Response = await registry.fetch(new Request('http://localhost/v2/'))
if (answer.status !== 200 || blobStoreContract.length === 0) throw new Error('not a registry')

const test = testRegistry()
await test.push({ 'app:latest': image({ layers: ['a'] }) })
const pulled = await test.fetch('/v2/app/manifests/latest')
if (pulled.status !== 200) throw new Error('what was pushed is not there')
export type Kept = [DiskRegistry, BlobStore]
`
/** What each runtime runs on top: its own adapter, with a folder, served and asked. */
const onDisk = (adapter) => `import { openRegistry, serve } from 'layerdock/${adapter}'
await import('./use.js')
const registry = await openRegistry({ directory: './data-${adapter}' })
const serving = await serve(registry, { port: 0 })
const answer = await fetch(serving.url + '/v2/')
if (answer.status !== 200) throw new Error('/v2/ answered ' + answer.status)
await serving.close(0)
await registry.close()
console.log('${adapter} runs')
`

try {
  const packed = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', project], root))
  const [entry] = Array.isArray(packed) ? packed : Object.values(packed)
  writeFileSync(join(project, 'package.json'), '{"name":"empty","private":true,"type":"module"}')
  run('npm', ['install', '--no-audit', '--no-fund', join(project, entry.filename)])

  const bin = join(project, 'node_modules/.bin/layerdock')
  const version = run(bin, ['--version']).trim()
  if (!version.includes(entry.version)) throw new Error(`--version says ${version}`)

  writeFileSync(join(project, 'use.ts'), use)
  const options = ['--module', 'nodenext', '--target', 'es2023', '--strict', '--types', 'node']
  run(tool('tsc'), [...options, '--typeRoots', join(root, 'node_modules/@types'), 'use.ts'])
  for (const [adapter, command, ...words] of [
    ['node', process.execPath],
    ['bun', tool('bun')],
    ['deno', tool('deno'), 'run', '--allow-all'],
  ]) {
    writeFileSync(join(project, `on-${adapter}.js`), onDisk(adapter))
    process.stdout.write(run(command, [...words, `on-${adapter}.js`]))
  }

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
