import { createHash } from 'node:crypto'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { preferredLock } from '../../adapters/disk/lock.ts'
import { openRegistry } from '../../adapters/disk/open-registry.ts'
import { openDiskStores } from '../../adapters/disk/open-stores.ts'
import { newestFormat } from '../../adapters/disk/store-marker.ts'
import type { Registry } from '../../src/index.ts'
import { temporaryFolder } from './temporary.ts'

const fixture = fileURLToPath(new URL('fixtures/store-format-3', import.meta.url))
const uploads = {
  small: 'team/three/blobs/uploads/6c32380b-47df-46fc-9373-b6cbbf664339',
  large: 'team/three/blobs/uploads/1a6dd90f-0047-4311-954e-3068c9719c48',
}
const largeLayer = 'a large layer\n'.repeat(5000)

/** A copy of the store that the last version before format 4 left when it was killed. */
async function storeOfFormatThree(): Promise<string> {
  const directory = await temporaryFolder()
  await cp(fixture, directory, { recursive: true })
  const lock = preferredLock()
  await writeFile(join(directory, 'store.json'), `${JSON.stringify({ format: 3, lock })}\n`)
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

async function json(registry: Registry, path: string) {
  const answer = await call(registry, 'GET', path)
  expect(answer.status, path).toBe(200)
  return JSON.parse(await answer.text())
}

/** The texts of an image's layers, every digest looked at; and its own digest. */
async function image(registry: Registry, repository: string, reference: string) {
  const answer = await call(registry, 'GET', `${repository}/manifests/${reference}`)
  expect(answer.status, reference).toBe(200)
  const text = await answer.text()
  const digest = answer.headers.get('docker-content-digest') ?? ''
  expect(digestOf(text)).toBe(digest)
  const layers: string[] = []
  for (const layer of JSON.parse(text).layers) {
    layers.push(await blob(registry, repository, layer.digest))
  }
  return { digest, layers }
}

async function blob(registry: Registry, repository: string, digest: string): Promise<string> {
  const answer = await call(registry, 'GET', `${repository}/blobs/${digest}`)
  expect(answer.status, `${repository} ${digest}`).toBe(200)
  const text = await answer.text()
  expect(digestOf(text)).toBe(digest)
  return text
}

/** Reads all that is in the fixture. */
async function expectAll(registry: Registry): Promise<void> {
  const { repositories } = await json(registry, '_catalog')
  expect(repositories).toEqual(['constructor/tostring', 'team/copy', 'team/shared', 'team/three'])
  const { tags } = await json(registry, 'team/three/tags/list')
  expect(tags).toEqual(['1.0', '2.0', '3.0', 'latest', 'multi'])
  const layers = async (tag: string) => (await image(registry, 'team/three', tag)).layers
  expect(await layers('1.0')).toEqual(['layer one\n', largeLayer])
  expect(await layers('2.0')).toEqual(['layer one\n', 'layer two\n'])
  expect(await layers('latest')).toEqual(['layer one\n', 'layer three\n'])
  const latest = await image(registry, 'team/three', 'latest')
  expect(await image(registry, 'team/three', '3.0')).toEqual(latest)
  const hostile = await image(registry, 'constructor/tostring', '__proto__')
  expect(hostile.layers).toEqual(['hostile names\n'])

  const index = await json(registry, 'team/three/manifests/multi')
  const [amd, arm] = index.manifests
  const first = await image(registry, 'team/three', '1.0')
  expect(amd.digest).toBe(first.digest)
  // It has lost its only tag, and the index names it.
  expect((await image(registry, 'team/three', arm.digest)).layers).toEqual(['layer for arm\n'])

  const [signature, ...others] = (await json(registry, `team/three/referrers/${first.digest}`))
    .manifests
  expect(signature.artifactType).toBe('application/vnd.example.signature')
  expect(others).toEqual([])
  const about = await json(registry, `team/three/referrers/${signature.digest}`)
  expect(about.manifests).toMatchObject([{ artifactType: 'application/vnd.example.attestation' }])
  const bills = await json(registry, `team/three/referrers/${latest.digest}`)
  expect(bills.manifests).toMatchObject([{ artifactType: 'application/vnd.example.sbom' }])

  await blob(registry, 'team/copy', digestOf(largeLayer))
  await blob(registry, 'team/shared', digestOf('kept by its lease\n'))
  for (const text of ['unlinked\n', 'collected\n', 'its bytes are missing\n']) {
    expect((await call(registry, 'GET', `team/shared/blobs/${digestOf(text)}`)).status).toBe(404)
  }
}

describe('a store of format 3', () => {
  test('is read whole, becomes one of the newest format, and is read again', async () => {
    const directory = await storeOfFormatThree()
    for (const text of ['a new layer\n', 'one more\n']) {
      const registry = await openRegistry({ directory, maintenance: false })
      await expectAll(registry)
      const path = `team/copy/blobs/uploads/?digest=${digestOf(text)}`
      expect((await call(registry, 'POST', path, text)).status).toBe(201)
      await registry.close()
      const marker = JSON.parse(await readFile(join(directory, 'store.json'), 'utf8'))
      expect(marker.format).toBe(newestFormat)
    }
    const registry = await openRegistry({ directory, maintenance: false })
    await expectAll(registry)
    expect(await blob(registry, 'team/copy', digestOf('a new layer\n'))).toBe('a new layer\n')
    await registry.close()
  })

  test('keeps what it condemned, and what it knows to be missing, until it is deleted or healed', async () => {
    const directory = await storeOfFormatThree()
    const stores = await openDiskStores({ directory, mode: 'write' })
    const condemned = (await stores.metadata.condemn(100)).map(({ digest }) => digest)
    // Condemned before it was killed; the blob that was unlinked and the repository that was deleted since.
    for (const text of [
      'condemned, and not yet deleted\n',
      'unlinked\n',
      'layer of a repository that goes\n',
    ]) {
      expect(condemned, text).toContain(digestOf(text))
    }
    expect(condemned).not.toContain(digestOf('collected\n'))
    const { blobs } = await stores.metadata.listMissing(10)
    expect(blobs.map(({ digest }) => digest)).toEqual([digestOf('its bytes are missing\n')])
    await stores.close()

    const registry = await openRegistry({ directory, maintenance: false })
    const text = 'its bytes are missing\n'
    const path = `team/shared/blobs/uploads/?digest=${digestOf(text)}`
    expect((await call(registry, 'POST', path, text)).status).toBe(201)
    expect(await blob(registry, 'team/shared', digestOf(text))).toBe(text)
    await registry.close()
  })

  test('sorts tags by size and tells when manifests were pushed, which it did not record', async () => {
    const directory = await storeOfFormatThree()
    const { metadata, ...stores } = await openDiskStores({ directory, mode: 'write' })
    for (const repository of (await metadata.listRepositories({ limit: 100 })).items) {
      const search = { order: 'size', descending: false, limit: 100 } as const
      const sizes = (await metadata.findTags?.(repository, search))?.items ?? []
      for (const { tag, contentSize } of sizes) {
        const record = await metadata.resolveTag(repository, tag)
        let bytes = 0
        for (const digest of record?.references ?? []) {
          bytes += (await metadata.findBlob(repository, digest))?.size ?? 0
        }
        if (record?.mediaType.includes('index') !== true) expect(contentSize).toBe(bytes)
      }
      const manifests = (await metadata.listManifests(repository, { limit: 100 }))?.items ?? []
      const times = manifests.map(({ record }) => record.pushedAt)
      const counts = await metadata.countRepository(repository)
      expect(counts?.pushedAt ?? 0).toBeGreaterThanOrEqual(Math.max(0, ...times))
    }
    await stores.close()
  })

  test('goes on with uploads that its process left behind', async () => {
    const directory = await storeOfFormatThree()
    const registry = await openRegistry({ directory, maintenance: false })
    for (const [path, begun] of [
      [uploads.small, 'half of it, '],
      [uploads.large, largeLayer],
    ]) {
      const end = `${(begun ?? '').length - 1}`
      expect((await call(registry, 'GET', `${path}`)).headers.get('range')).toBe(`0-${end}`)
      const digest = digestOf(`${begun}and the rest`)
      const pushed = await call(registry, 'PUT', `${path}?digest=${digest}`, 'and the rest')
      expect(pushed.status).toBe(201)
      expect(await blob(registry, 'team/three', digest)).toBe(`${begun}and the rest`)
    }
    await registry.close()
  })

  test('is not changed by being read', async () => {
    const directory = await storeOfFormatThree()
    const before = await readdir(directory)
    const registry = await openRegistry({ directory, readOnly: true })
    await expectAll(registry)
    await registry.close()
    expect(await readFile(join(directory, 'store.json'), 'utf8')).toContain('"format":3')
    const after = await readdir(directory)
    expect(after.filter((name) => name !== 'lock' && !name.startsWith('lock.'))).toEqual(before)
  })
})
