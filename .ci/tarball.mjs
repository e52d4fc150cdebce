// Installs the package as `npm publish` would send it into empty projects, and uses it there: the
// command, the types, the exports and the documents have to work without this repository around them,
// on Node, Bun and Deno, and beside other versions of hono.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compile, install, root, run, tool } from './empty-project.mjs'
import { applications, mountBeside } from './hono-versions.mjs'
import { deadLinks } from './package-links.mjs'

const folder = mkdtempSync(join(tmpdir(), 'layerdock-tarball-'))
const project = join(folder, 'project')

const use = `import { createRegistry, type Registry } from 'layerdock'
import { apiTokens, htpasswd, type Login, registryAccess, signedInMayAll, tokenService } from 'layerdock/access'
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
const hash = '$2y$04$Wx6MlRDCqUoGxmKzEUHnVuvJh3h2aMwN2nY6h0sLbpJpqj5m1fJfC'
const logins: Login[] = [htpasswd('ann:' + hash)]
const policy = signedInMayAll({ anonymousPull: true })
const access = registryAccess({ logins, policy, tokens: tokenService({ service: 'r' }) })
const token = await createRegistry({ access }).fetch(
  new Request('http://localhost/v2/_layerdock/token?service=r&scope=repository:app:pull'),
)
if (token.status !== 200 || apiTokens.length === 0) throw new Error('no token')
export type Kept = [DiskRegistry, BlobStore]
`
/**
 * The program that each runtime runs on top: it opens a folder with its own adapter, serves and asks.
 * @param {string} adapter
 */
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
  const packed = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], root))
  const [entry] = Array.isArray(packed) ? packed : Object.values(packed)
  const tarball = join(folder, entry.filename)
  install(project, [tarball])

  const dead = deadLinks(join(project, 'node_modules/layerdock'))
  if (dead.length > 0) throw new Error(`links that the package does not have:\n${dead.join('\n')}`)

  const bin = join(project, 'node_modules/.bin/layerdock')
  const version = run(bin, ['--version'], project).trim()
  if (!version.includes(entry.version)) throw new Error(`--version says ${version}`)

  compile(project, 'use.ts', use)
  const runtimes = {
    node: [process.execPath],
    bun: [tool('bun')],
    deno: [tool('deno'), 'run', '--allow-all'],
  }
  for (const [adapter, [command = '', ...words]] of Object.entries(runtimes)) {
    writeFileSync(join(project, `on-${adapter}.js`), onDisk(adapter))
    process.stdout.write(run(command, [...words, `on-${adapter}.js`], project))
  }
  await serveAndAsk(bin)

  for (const [index, packages] of applications.entries()) {
    mountBeside(join(folder, `application-${index}`), tarball, packages)
  }
  process.stdout.write(`${entry.filename}: ${entry.files.length} files, installed, typed and run\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** @param {string} bin the installed command */
async function serveAndAsk(bin) {
  const users = join(folder, 'users')
  const adding = spawn(bin, ['user', 'add', 'ann', '--htpasswd', users])
  adding.stdin.end('a long password\n')
  await once(adding, 'exit')
  const words = ['serve', '--listen', '127.0.0.1:0', '--memory', '--htpasswd', users]
  const server = spawn(bin, words, { cwd: project })
  try {
    const address = await /** @type {Promise<string>} */ (
      new Promise((found, lost) => {
        let output = ''
        const look = (/** @type {Buffer} */ chunk) => {
          output += chunk
          const match = /127\.0\.0\.1:(\d+)/.exec(output)
          if (match !== null) found(match[0])
        }
        server.stdout.on('data', look)
        server.stderr.on('data', look)
        server.on('exit', (code) => lost(new Error(`the server ended with ${code}: ${output}`)))
      })
    )
    const authorization = `Basic ${btoa('ann:a long password')}`
    for (const [headers, status] of /** @type {const} */ ([
      [{}, 401],
      [{ authorization }, 200],
    ])) {
      const answer = await fetch(`http://${address}/v2/`, { headers })
      if (answer.status !== status) throw new Error(`/v2/ answered ${answer.status}`)
    }
  } finally {
    server.kill()
  }
}
