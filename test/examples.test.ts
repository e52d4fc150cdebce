import { mkdtemp, readdir, rm } from 'node:fs/promises'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Serving } from '../adapters/node-fs/index.ts'
import { filesBelow, importsOf, textOf } from './architecture/source-files.ts'
import { clientOf } from './promises/client.ts'

/** The examples that ran here. */
const run = new Set<string>()
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layerdock-examples-'))
  process.env.PORT = '0'
  process.env.DATA = join(folder, 'data')
})

afterAll(async () => {
  delete process.env.PORT
  delete process.env.DATA
  await rm(folder, { recursive: true, force: true })
})

async function example<T>(name: string): Promise<T> {
  run.add(`examples/${name}.ts`)
  return (await import(`../examples/${name}.ts`)) as T
}

/** Pushes an image and reads it back, over the wire. */
async function works(url: string): Promise<void> {
  const client = clientOf(url)
  const { digest } = await client.pushImage('team/app', 'latest')
  const read = await client.send('GET', '/v2/team/app/manifests/latest')
  expect(read.headers.get('docker-content-digest')).toBe(digest)
}

describe('examples', () => {
  it('embed-hono.ts: a registry in an app of its own', async () => {
    const { server } = await example<{ server: Server }>('embed-hono')
    try {
      if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
      const url = `http://localhost:${(server.address() as AddressInfo).port}`
      expect(await (await fetch(url)).text()).toContain('my app')
      await works(url)
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('disk.ts: a registry in a folder', async () => {
    const { server } = await example<{ server: Serving }>('disk')
    try {
      await works(server.url)
      expect(await readdir(join(folder, 'data'))).toContain('store.json')
    } finally {
      await server.close(0)
    }
  })

  it('program.ts: an artifact without a socket', async () => {
    const { pushed, tags } = await example<{ pushed: { digest: string }; tags: string[] }>(
      'program',
    )
    expect(pushed.digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(tags).toEqual(['latest'])
  })

  it('read-only.ts: one to push to, one to pull from', async () => {
    const { inside, outside } =
      await example<typeof import('../examples/read-only.ts')>('read-only')
    await clientOf(inside).pushImage('app', 'latest')
    const client = clientOf(outside)
    expect((await client.send('GET', '/v2/app/manifests/latest')).status).toBe(200)
    expect((await client.send('DELETE', '/v2/app/manifests/latest')).status).toBe(405)
    expect((await client.send('POST', '/v2/app/blobs/uploads/')).status).toBe(405)
  })

  it('are all run, here or by the test that names them', async () => {
    const examples = filesBelow('examples').filter((path) =>
      /^examples\/(?:[^/]+|custom-store\/[^/]+)\.ts$/.test(path),
    )
    const tests = filesBelow('test')
      .filter((path) => path.endsWith('.ts'))
      .map(textOf)
    // The modules of an example run with it.
    const modules = examples.flatMap((path) =>
      importsOf(path, textOf(path)).map(({ target }) => target),
    )
    const left = examples.filter(
      (path) =>
        !run.has(path) && !modules.includes(path) && !tests.some((text) => text.includes(path)),
    )
    expect(run.size).toBeGreaterThan(3)
    expect(left).toEqual([])
  })
})
