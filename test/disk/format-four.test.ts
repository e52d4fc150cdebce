import { createHash } from 'node:crypto'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { preferredLock } from '../../adapters/disk/lock.ts'
import { openRegistry } from '../../adapters/disk/open-registry.ts'
import { openDiskStores } from '../../adapters/disk/open-stores.ts'
import { newestFormat } from '../../adapters/disk/store-marker.ts'
import { callContext, parseDigest, type Registry, repositoryName } from '../../src/index.ts'
import { temporaryFolder } from './temporary.ts'

const fixture = fileURLToPath(new URL('fixtures/store-format-4', import.meta.url))
const call = callContext()
const four = repositoryName('team/four')

/** A copy of the store that the last version before format 5 left when it was killed. */
async function storeOfFormatFour(): Promise<string> {
  const directory = await temporaryFolder()
  await cp(fixture, directory, { recursive: true })
  // Git keeps no empty folder, and all of its content is small.
  await mkdir(join(directory, 'blobs/sha256'), { recursive: true })
  const lock = preferredLock()
  await writeFile(join(directory, 'store.json'), `${JSON.stringify({ format: 4, lock })}\n`)
  return directory
}

function sha256(text: string) {
  const digest = parseDigest(`sha256:${createHash('sha256').update(text).digest('hex')}`)
  if (digest === null) throw new Error('a digest is one')
  return digest
}

async function get(registry: Registry, path: string): Promise<Response> {
  return registry.fetch(new Request(`http://registry.test/v2/${path}`))
}

/** The layers of an image, the config aside. */
async function layersOf(
  registry: Registry,
  repository: string,
  tag: string,
): Promise<readonly string[]> {
  const answer = await get(registry, `${repository}/manifests/${tag}`)
  expect(answer.status, `${repository}:${tag}`).toBe(200)
  const { layers } = JSON.parse(await answer.text())
  return Promise.all(
    layers.map(async ({ digest }: { readonly digest: string }) => {
      const text = await (await get(registry, `${repository}/blobs/${digest}`)).text()
      expect(sha256(text)).toBe(digest)
      return text
    }),
  )
}

/** Reads all that is in the fixture. */
async function expectAll(registry: Registry): Promise<void> {
  const { repositories } = JSON.parse(await (await get(registry, '_catalog')).text())
  expect(repositories).toEqual(['constructor/tostring', 'team/four', 'team/shared'])
  const { tags } = JSON.parse(await (await get(registry, 'team/four/tags/list')).text())
  expect(tags).toEqual(['1.0', '3.0', 'latest'])
  expect(await layersOf(registry, 'team/four', '1.0')).toEqual(['layer one\n'])
  expect(await layersOf(registry, 'team/four', 'latest')).toEqual(['layer two\n'])
  expect(await layersOf(registry, 'team/four', '3.0')).toEqual(['layer three\n'])
  const hostile = await layersOf(registry, 'constructor/tostring', '__proto__')
  expect(hostile).toEqual(['hostile names\n'])
  const kept = await get(registry, `team/shared/blobs/${sha256('kept by its lease\n')}`)
  expect(kept.status).toBe(200)
  const one = await get(registry, 'team/four/manifests/1.0')
  const subject = one.headers.get('docker-content-digest')
  const referrers = await (await get(registry, `team/four/referrers/${subject}`)).text()
  expect(JSON.parse(referrers).manifests).toMatchObject([
    { artifactType: 'application/vnd.example.signature' },
  ])
}

describe('a store of format 4', () => {
  test('is read whole, becomes one of the newest format, and is read again', async () => {
    const directory = await storeOfFormatFour()
    for (let round = 0; round < 3; round += 1) {
      const registry = await openRegistry({ directory, maintenance: false })
      await expectAll(registry)
      await registry.close()
      const marker = JSON.parse(await readFile(join(directory, 'store.json'), 'utf8'))
      expect(marker.format).toBe(newestFormat)
    }
  })

  test('brings back what was in its trash', async () => {
    const directory = await storeOfFormatFour()
    const registry = await openRegistry({ directory, maintenance: false })
    const { service } = registry
    const { items } = await service.listTrash(call, { limit: 100 })
    expect(
      items.map(({ kind, repository, tag, tagCount }) => [kind, repository, tag, tagCount]),
    ).toEqual([
      ['manifest', 'team/four', undefined, 2],
      ['repository', 'team/gone', undefined, 0],
      ['tag', 'team/four', 'old', 0],
      ['blob', 'team/shared', undefined, 0],
      ['tag', 'team/four', '4.0', 0],
    ])
    for (const { id, repository } of items) {
      expect(await service.restore(call, repository, id)).toMatchObject({ kind: 'restored' })
    }
    const gone = ['layer of a repository that went\n']
    expect(await layersOf(registry, 'team/gone', 'v2')).toEqual(gone)
    const manifest = ['layer of a manifest that went\n']
    expect(await layersOf(registry, 'team/four', '2.0.1')).toEqual(manifest)
    expect(await layersOf(registry, 'team/four', '4.0')).toEqual(['layer four\n'])
    expect(await layersOf(registry, 'team/four', 'old')).toEqual(['layer one\n'])
    await registry.close()
  })

  test('keeps what it noted, and its outbox is empty and takes messages', async () => {
    const directory = await storeOfFormatFour()
    for (const text of ['first', 'second']) {
      const { metadata, ...stores } = await openDiskStores({ directory, mode: 'write' })
      const { blobs } = await metadata.listMissing(10)
      expect(blobs.map(({ digest }) => digest)).toEqual([sha256('its bytes are missing\n')])
      const found = await metadata.listManifests(four, { limit: 100 })
      expect(found?.items.some(({ record }) => record.pulledAt !== undefined)).toBe(true)
      expect(found?.items.every(({ record }) => record.pushedBy === 'ann')).toBe(true)
      const { items } = (await metadata.outbox?.list({ limit: 10 })) ?? { items: null }
      expect(items?.map((entry) => entry.text)).toEqual(text === 'first' ? [] : ['first'])
      const kept = await metadata.findBlob(
        repositoryName('team/shared'),
        sha256('kept by its lease\n'),
      )
      if (kept === null) throw new Error('it is kept')
      const tell = () => [{ endpoints: ['all'], text }]
      await metadata.linkBlob(repositoryName('team/shared'), kept, 1000, { tell })
      await stores.close()
    }
  })

  test('is not changed by being read', async () => {
    const directory = await storeOfFormatFour()
    const registry = await openRegistry({ directory, readOnly: true })
    await expectAll(registry)
    await registry.close()
    expect(await readFile(join(directory, 'store.json'), 'utf8')).toContain('"format":4')
  })
})
