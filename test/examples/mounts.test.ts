import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { filesBelow, root } from '../architecture/source-files.ts'
import { clientOf } from '../http/client.ts'
import { clientAt, pullImage } from '../mount/over-the-wire.ts'

beforeEach(() => {
  vi.stubEnv('PORT', '0')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

/** A running example: its address, and how to end it. */
interface Running {
  readonly origin: string
  close(): unknown
}

/** Examples that listen. The test requests the page of each, pushes and pulls. */
const listening: readonly {
  readonly path: string
  readonly prefix?: string
  run(): Promise<Running>
}[] = [
  {
    path: 'examples/mount-node-http.ts',
    prefix: '/registry',
    run: async () => runNode((await import('../../examples/mount-node-http.ts')).server),
  },
  {
    path: 'examples/mount-express.ts',
    run: async () => runNode((await import('../../examples/mount-express.ts')).server),
  },
  { path: 'examples/mount-fastify.ts', run: runFastify },
  { path: 'examples/mount-h3.ts', run: runH3 },
  {
    path: 'examples/mount-hono.ts',
    prefix: '/registry',
    run: async () => runNode((await import('../../examples/mount-hono.ts')).server as Server),
  },
  { path: 'examples/mount-elysia.ts', run: runElysia },
]

async function runNode(server: Server): Promise<Running> {
  if (!server.listening) await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://localhost:${port}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function runFastify(): Promise<Running> {
  const { app } = await import('../../examples/mount-fastify.ts')
  const { port } = app.server.address() as AddressInfo
  return {
    origin: `http://localhost:${port}`,
    close() {
      app.server.closeAllConnections()
      return app.close()
    },
  }
}

async function runH3(): Promise<Running> {
  const { server } = await import('../../examples/mount-h3.ts')
  await server.ready()
  return { origin: (server.url ?? '').replace(/\/$/, ''), close: () => server.close(true) }
}

/** The example of Elysia runs on Bun. The program ends when its input does. */
async function runElysia(): Promise<Running> {
  const program = `
    const { app } = await import('./examples/mount-elysia.ts')
    process.stdout.write(app.server.port + '\\n')
    process.stdin.resume().on('end', () => process.exit())`
  const child = spawn('node_modules/.bin/bun', ['-e', program], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const [port] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(() => {
      throw new Error('Bun ended before it listened')
    }),
  ])
  return {
    origin: `http://localhost:${port}`,
    close() {
      child.stdin.end()
      return exited
    },
  }
}

test.each(listening)('$path', async ({ prefix = '', run }) => {
  const { origin, close } = await run()
  try {
    expect(await (await fetch(origin)).text()).toMatch(/^my (?:app|server), with a registry under/)
    const client = clientAt(`${origin}${prefix}`)
    const image = await client.pushImage('team/app', 'latest')
    await pullImage(client, 'team/app', 'latest', image)
  } finally {
    await close()
  }
})

test('examples/mount-next.ts', async () => {
  const handlers = await import('../../examples/mount-next.ts')
  const client = clientOf({
    fetch: (request) => handlers[request.method as keyof typeof handlers](request),
  })
  const image = await client.pushImage('team/app', 'latest')
  await pullImage(client, 'team/app', 'latest', image)
  const head = await client.send('HEAD', '/v2/team/app/manifests/latest')
  expect([head.status, head.headers.get('content-length')]).toEqual([200, `${image.text.length}`])
  const session = await client.openUpload('team/app')
  expect((await client.send('PATCH', session, { body: 'x' })).status).toBe(202)
  expect((await client.send('DELETE', session)).status).toBe(204)
})

test('examples/mount-sveltekit.ts', async () => {
  const { handle } = await import('../../examples/mount-sveltekit.ts')
  const resolve = (): Response => new Response('my app')
  const client = clientOf({
    fetch: (request) => handle({ event: { request, url: new URL(request.url) }, resolve }),
  })
  const image = await client.pushImage('team/app', 'latest')
  await pullImage(client, 'team/app', 'latest', image)
  expect((await client.send('HEAD', '/v2/team/app/manifests/latest')).status).toBe(200)
  for (const path of ['/', '/v2x', '/about/v2/']) {
    expect(await (await client.send('GET', path)).text()).toBe('my app')
  }
})

test('the tests run every example that mounts', () => {
  const mounts = filesBelow('examples').filter((path) => path.startsWith('examples/mount-'))
  const run = [
    ...listening.map(({ path }) => path),
    'examples/mount-next.ts',
    'examples/mount-sveltekit.ts',
  ]
  expect(mounts).toEqual(run.sort())
})
