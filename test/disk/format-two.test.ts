import { createHash } from 'node:crypto'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { preferredLock } from '../../adapters/disk/lock.ts'
import { openRegistry } from '../../adapters/disk/open-registry.ts'
import { newestFormat } from '../../adapters/disk/store-marker.ts'
import type { Registry } from '../../src/index.ts'
import { temporaryFolder } from './temporary.ts'

const fixture = fileURLToPath(new URL('fixtures/store-format-2', import.meta.url))
const upload = 'f97a1b07-9c8a-4e2a-92e2-bc380e17be64'

/** A copy of the store that the last version before segments left when it was killed. */
async function storeOfFormatTwo(): Promise<string> {
  const directory = await temporaryFolder()
  await cp(fixture, directory, { recursive: true })
  const lock = preferredLock()
  await writeFile(join(directory, 'store.json'), `${JSON.stringify({ format: 2, lock })}\n`)
  return directory
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

async function call(
  registry: Registry,
  method: string,
  path: string,
  body: string | null = null,
): Promise<Response> {
  const headers = { 'content-type': 'application/octet-stream' }
  return registry.fetch(new Request(`http://registry.test/v2/${path}`, { method, body, headers }))
}

async function expectAll(registry: Registry): Promise<void> {
  const catalog = await (await call(registry, 'GET', '_catalog')).json()
  expect(catalog.repositories).toContain('team/two')
  const tags = await (await call(registry, 'GET', 'team/two/tags/list')).json()
  expect(tags.tags).toEqual(['first', 'second'])
  for (const tag of tags.tags) {
    const answer = await call(registry, 'GET', `team/two/manifests/${tag}`)
    const text = await answer.text()
    expect(digestOf(text)).toBe(answer.headers.get('docker-content-digest'))
    for (const { digest } of JSON.parse(text).layers) {
      const layer = await call(registry, 'GET', `team/two/blobs/${digest}`)
      expect(digestOf(await layer.text())).toBe(digest)
    }
  }
  // What format 1 left, and format 2 took over.
  expect((await call(registry, 'GET', 'team/app/manifests/latest')).status).toBe(200)
}

describe('a store of format 2', () => {
  test('is read whole, becomes one of format 5, and takes small content into segments', async () => {
    const directory = await storeOfFormatTwo()
    for (const text of ['a new layer\n', 'one more\n']) {
      const registry = await openRegistry({ directory, maintenance: false })
      await expectAll(registry)
      const marker = JSON.parse(await readFile(join(directory, 'store.json'), 'utf8'))
      expect(marker.format).toBe(newestFormat)
      const digest = digestOf(text)
      const pushed = await call(registry, 'POST', `team/two/blobs/uploads/?digest=${digest}`, text)
      expect(pushed.status).toBe(201)
      await registry.close()
    }
    const registry = await openRegistry({ directory, maintenance: false })
    await expectAll(registry)
    const layer = await call(registry, 'GET', `team/two/blobs/${digestOf('a new layer\n')}`)
    expect(await layer.text()).toBe('a new layer\n')
    await registry.close()
    expect(await readdir(join(directory, 'segments'))).toHaveLength(2)
  })

  test('goes on with an upload that its process left behind', async () => {
    const directory = await storeOfFormatTwo()
    const registry = await openRegistry({ directory, maintenance: false })
    const path = `team/two/blobs/uploads/${upload}`
    expect((await call(registry, 'GET', path)).headers.get('range')).toBe('0-11')
    const digest = digestOf('half of it, and the rest')
    expect((await call(registry, 'PUT', `${path}?digest=${digest}`, 'and the rest')).status).toBe(
      201,
    )
    const blob = await call(registry, 'GET', `team/two/blobs/${digest}`)
    expect(await blob.text()).toBe('half of it, and the rest')
    await registry.close()
    expect(await readdir(join(directory, 'uploads'))).toEqual([])
  })

  test('is not changed by being read', async () => {
    const directory = await storeOfFormatTwo()
    const registry = await openRegistry({ directory, readOnly: true })
    await expectAll(registry)
    await registry.close()
    expect(await readdir(directory)).not.toContain('segments')
    expect(await readFile(join(directory, 'store.json'), 'utf8')).toContain('"format":2')
  })
})
