// What clients do with a 429: each pushes and pulls a small image while its address has no requests left.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programOptions } from '../../conformance/program-options.mjs'
import { runtimes, startServer } from '../../conformance/servers.mjs'
import { startContainerd } from './containerd.mjs'
import { Context } from './context.mjs'
import { buildImage, buildIndex } from './image.mjs'
import { versionOf, which } from './runner.mjs'
import { Wire } from './wire.mjs'

const help = `node test/clients/limits.mjs [options]

  --only NAME[,NAME…]   these clients alone
  --rate N              requests a second that the server allows an address, and the burst (default: 2)

A client that is not on PATH is left out; containerd needs root.
`
const values = programOptions(help, {
  only: { type: 'string' },
  rate: { type: 'string', default: '2' },
})

const top = mkdtempSync(join(tmpdir(), 'layerdock-limits-'))
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.once(signal, () => process.exit(130))
}
process.once('exit', () => rmSync(top, { recursive: true, force: true }))

const { entry, find } = runtimes.node ?? {}
if (entry === undefined || find === undefined) throw new Error('Node is missing')
const { command } = find('current')
const rate = values.rate
const args = ['--max-requests-per-second', rate, '--request-burst', rate]
const limited = await startServer({ command, entry, store: 'disk', dir: join(top, 'store'), args })

/** How many requests were refused, and what they were told to wait. */
let refused = 0
/** @type {Set<string>} */
const waits = new Set()
// Between the clients and the server, to count: no client says what it was answered.
const counter = createServer((incoming, outgoing) => {
  const { method, url: path, headers } = incoming
  const [host, port] = limited.host.split(':')
  const passed = request({ host, port, method, path, headers }, (answer) => {
    if (answer.statusCode === 429) {
      refused += 1
      waits.add(String(answer.headers['retry-after']))
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  })
  passed.on('error', () => outgoing.destroy())
  outgoing.on('error', () => passed.destroy())
  incoming.pipe(passed)
})
await new Promise((resolve) => counter.listen(0, '127.0.0.1', () => resolve(null)))
const address = counter.address()
const host = `127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`
const image = await buildImage(join(top, 'image'), { seed: 'limits', bytes: 100_000 })
const index = await buildIndex(join(top, 'index'), 'limits')

/** Takes all requests that the address has left. */
async function useUp() {
  for (;;) {
    const { status } = await fetch(`http://${limited.host}/v2/`)
    if (status === 429) return
  }
}

/** Fills a repository, as patiently as it takes. @param {string} repository */
async function fill(repository) {
  const wire = new Wire(limited.host)
  const { fetch } = globalThis
  globalThis.fetch = async (...given) => {
    for (;;) {
      const answer = await fetch(...given)
      if (answer.status !== 429) return answer
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
  await wire.push(repository, 'v1', image).finally(() => {
    globalThis.fetch = fetch
  })
}

/**
 * @typedef {(context: Context) => Promise<{
 *   push: (ref: string) => Promise<unknown>,
 *   pull: (ref: string) => Promise<unknown>,
 * }>} Client
 */

/** @type {Readonly<Record<string, { program: string, words: string[], start: Client }>>} */
const clients = {
  skopeo: { program: 'skopeo', words: ['--version'], start: skopeo },
  podman: {
    program: 'podman',
    words: ['--version'],
    start: (context) => containers('podman', context),
  },
  buildah: {
    program: 'buildah',
    words: ['--version'],
    start: (context) => containers('buildah', context),
  },
  containerd: { program: 'ctr', words: ['--version'], start: containerd },
  crane: { program: 'crane', words: ['version'], start: crane },
  oras: { program: 'oras', words: ['version'], start: oras },
  regctl: { program: 'regctl', words: ['version', '--format', '{{.VCSTag}}'], start: regctl },
  helm: { program: 'helm', words: ['version'], start: helm },
}

/** @type {Client} */
async function skopeo(context) {
  const copy = (/** @type {string[]} */ ...words) =>
    context.run('skopeo', ['--insecure-policy', 'copy', ...words])
  return {
    push: (ref) => copy('--dest-tls-verify=false', `oci:${image.dir}:v1`, `docker://${ref}`),
    pull: (ref) =>
      copy('--src-tls-verify=false', `docker://${ref}`, `dir:${context.path('pulled')}`),
  }
}

/**
 * @param {string} program
 * @param {Context} context
 */
async function containers(program, context) {
  const policy = await context.folder('.config/containers')
  writeFileSync(join(policy, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}')
  const storage = ['--root', context.path('root'), '--runroot', context.path('runroot')]
  const run = (/** @type {string[]} */ ...words) =>
    context.run(program, [...storage, '--storage-driver', 'vfs', ...words])
  // A name that is in lower case.
  await context.run('cp', ['-r', image.dir, 'image'])
  await run('pull', '--tls-verify=false', 'oci:image:v1')
  const id = (await run('images', '-q')).trim().split('\n')[0] ?? ''
  return {
    push: (/** @type {string} */ ref) => run('push', '--tls-verify=false', id, `docker://${ref}`),
    pull: async (/** @type {string} */ ref) => {
      await run('rmi', '--all', '--force')
      await useUp()
      return run('pull', '--tls-verify=false', `docker://${ref}`)
    },
  }
}

/** @type {Client} */
async function containerd(context) {
  const ctr = await startContainerd(context)
  const archive = context.path('image.tar')
  await context.run('tar', ['-cf', archive, '-C', image.dir, '.'])
  await ctr('images', 'import', '--snapshotter', 'native', '--base-name', `${host}/own`, archive)
  return {
    push: (ref) => ctr('images', 'push', '--plain-http', ref, `${host}/own:v1`),
    pull: (ref) => ctr('images', 'pull', '--plain-http', '--snapshotter', 'native', ref),
  }
}

/** @type {Client} */
async function crane(context) {
  const run = (/** @type {string[]} */ ...words) => context.run('crane', ['--insecure', ...words])
  return {
    push: (ref) => run('push', image.dir, ref),
    pull: (ref) => run('pull', '--format', 'oci', ref, context.path('pulled')),
  }
}

/** @type {Client} */
async function oras(context) {
  const run = (/** @type {string[]} */ ...words) => context.run('oras', words)
  return {
    push: (ref) => run('copy', '--from-oci-layout', '--to-plain-http', `${image.dir}:v1`, ref),
    pull: (ref) =>
      run('copy', '--from-plain-http', '--to-oci-layout', ref, `${context.path('pulled')}:v1`),
  }
}

/** @type {Client} */
async function regctl(context) {
  const env = { REGCTL_CONFIG: context.path('regctl.json') }
  const run = (/** @type {string[]} */ ...words) => context.run('regctl', words, { env })
  await run('registry', 'set', '--skip-check', '--tls', 'disabled', host)
  return {
    push: (ref) => run('image', 'copy', `ocidir://${image.dir}:v1`, ref),
    pull: (ref) => run('image', 'copy', ref, `ocidir://${context.path('pulled')}:v1`),
  }
}

/** @type {Client} */
async function helm(context) {
  const chart = await context.folder('chart')
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: app\nversion: 1.0.0\n')
  const run = (/** @type {string[]} */ ...words) => context.run('helm', words)
  await run('package', chart, '-d', context.dir)
  const repository = (/** @type {string} */ ref) => `oci://${ref.replace(/\/app:v1$/, '')}`
  return {
    push: (ref) => run('push', '--plain-http', context.path('app-1.0.0.tgz'), repository(ref)),
    pull: async () => {
      await fillChart(context)
      return run(
        'pull',
        '--plain-http',
        `oci://${context.ref('chart/app', '1.0.0').replace(/:1\.0\.0$/, '')}`,
        '--version',
        '1.0.0',
        '-d',
        await context.folder('pulled'),
      )
    },
  }
}

/** Pushes the chart again and again until it is there. @param {Context} context */
async function fillChart(context) {
  const words = ['push', '--plain-http', context.path('app-1.0.0.tgz')]
  const place = `oci://${context.host}/${context.repo('chart')}`
  for (let tries = 0; tries < 30; tries += 1) {
    try {
      await context.run('helm', [...words, place])
      break
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5_000))
    }
  }
  refused = 0
  waits.clear()
  await useUp()
}

/**
 * @param {string} what
 * @param {() => Promise<unknown>} run
 */
async function see(what, run) {
  await useUp()
  refused = 0
  waits.clear()
  const began = performance.now()
  const end = await run().then(
    () => 'done',
    (error) => `FAILED: ${String(error.message).trim().split('\n').at(-1)?.slice(-220)}`,
  )
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  const told = [...waits].join(', ') || 'none'
  process.stdout.write(
    `${what.padEnd(28)} ${seconds.padStart(5)} s  ${`${refused}`.padStart(4)} × 429 (Retry-After ${told})  ${end}\n`,
  )
}

const only = values.only?.split(',')
for (const [name, { program, words, start }] of Object.entries(clients)) {
  if (which(program) === null || (only !== undefined && !only.includes(name))) continue
  const dir = join(top, name)
  mkdirSync(dir)
  const context = new Context({
    host,
    dir,
    prefix: `limits/${name}`,
    samples: { big: image, index },
    wire: new Wire(limited.host),
    referrersApi: true,
    login: null,
  })
  const title = `${name} ${versionOf([program, ...words])}`
  try {
    // buildah and podman stop where the file that is named is not there.
    writeFileSync(context.path('auth.json'), '{}')
    const { push, pull } = await start(context)
    const ref = context.ref('app')
    await see(`${title}, push`, () => push(ref))
    if (name !== 'helm') await fill(context.repo('app'))
    await see(`${title}, pull`, () => pull(ref))
  } catch (error) {
    process.stdout.write(`${title}: ${error}\n`)
  } finally {
    await context.cleanUp()
  }
}
counter.close()
counter.closeAllConnections()
await limited.stop()
process.exit(0)
