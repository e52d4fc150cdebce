import { createHash } from 'node:crypto'
import { cp, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { preferredLock } from '../../adapters/disk/lock.ts'
import { nodeFiles } from '../../adapters/disk/node-files.ts'
import { openRegistry } from '../../adapters/disk/open-registry.ts'
import { newestFormat } from '../../adapters/disk/store-marker.ts'
import type { Registry } from '../../src/index.ts'
import { openMetadata, StoreDamaged } from '../../src/kit.ts'
import { snapshotVersion } from '../../src/metadata/snapshot.ts'
import { repositoryNamed } from '../../src/testing/index.ts'
import { afterTest, openStore, temporaryFolder } from './temporary.ts'

const fixture = fileURLToPath(new URL('fixtures/store-format-1', import.meta.url))
const imageType = 'application/vnd.oci.image.manifest.v1+json'

/** A copy of the store that version 0.1 of Layerdock left when it was killed. */
async function storeOfFormatOne(): Promise<string> {
  const directory = await temporaryFolder()
  await cp(fixture, directory, { recursive: true })
  const lock = preferredLock()
  await writeFile(join(directory, 'store.json'), `${JSON.stringify({ format: 1, lock })}\n`)
  return directory
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

async function get(registry: Registry, path: string): Promise<Response> {
  return registry.fetch(new Request(`http://registry.test/v2/${path}`))
}

async function json(registry: Registry, path: string): Promise<unknown> {
  const answer = await get(registry, path)
  expect(answer.status, path).toBe(200)
  return answer.json()
}

interface Image {
  readonly digest: string
  readonly layers: readonly { readonly digest: string }[]
}

async function image(registry: Registry, repository: string, reference: string): Promise<Image> {
  const answer = await get(registry, `${repository}/manifests/${reference}`)
  expect(answer.status, reference).toBe(200)
  const body = await answer.text()
  const digest = answer.headers.get('docker-content-digest') ?? ''
  expect(digestOf(body)).toBe(digest)
  return { digest, layers: JSON.parse(body).layers }
}

/** Reads all that is in the fixture. */
async function expectAll(registry: Registry): Promise<void> {
  const names = ['constructor', 'team/app', 'team/copy', 'team/old']
  expect(await json(registry, '_catalog')).toEqual({ repositories: names })
  const tags = ['2.0', '3.0', 'all', 'latest']
  expect(await json(registry, 'team/app/tags/list')).toEqual({ name: 'team/app', tags })
  expect(await json(registry, 'team/old/tags/list')).toEqual({ name: 'team/old', tags: [] })

  const latest = await image(registry, 'team/app', 'latest')
  expect(await image(registry, 'team/app', '3.0')).toEqual(latest)
  const layer = await get(registry, `team/app/blobs/${latest.layers[0]?.digest}`)
  expect(await layer.text()).toBe('layer three\n')
  const second = await image(registry, 'team/app', '2.0')
  const index = await (await get(registry, 'team/app/manifests/all')).json()
  const [one, two] = index.manifests
  expect(two.digest).toBe(second.digest)
  // The first image has lost its only tag.
  expect((await image(registry, 'team/app', one.digest)).layers).toHaveLength(1)

  const signatures = (await json(registry, `team/app/referrers/${one.digest}`)) as Referrers
  expect(signatures.manifests).toMatchObject([
    { mediaType: imageType, artifactType: 'application/vnd.example.signature' },
  ])
  const bills = (await json(registry, `team/app/referrers/${latest.digest}`)) as Referrers
  expect(bills.manifests).toMatchObject([{ artifactType: 'application/vnd.example.sbom' }])

  for (const [repository, text] of [
    ['constructor', 'a blob of its own\n'],
    ['team/copy', 'layer one\n'],
    ['team/old', 'an old layer\n'],
  ]) {
    const blob = await get(registry, `${repository}/blobs/${digestOf(text ?? '')}`)
    expect(await blob.text()).toBe(text)
  }
  const gone = digestOf('unlinked after the snapshot\n')
  expect((await get(registry, `constructor/blobs/${gone}`)).status).toBe(404)
}

interface Referrers {
  readonly manifests: readonly object[]
}

describe('a store of format 1', () => {
  test('is read whole, becomes one of the newest format, and is read again', async () => {
    const directory = await storeOfFormatOne()
    for (const _ of ['as it was', 'as it is then', 'and again']) {
      const registry = await openRegistry({ directory, maintenance: false })
      await expectAll(registry)
      await registry.close()
      const marker = JSON.parse(await readFile(join(directory, 'store.json'), 'utf8'))
      expect(marker.format).toBe(newestFormat)
      const snapshot = await readFile(join(directory, 'metadata.json'), 'utf8')
      expect(JSON.parse(snapshot).version).toBe(snapshotVersion)
    }
  })

  test('keeps what it had for a lease, and then condemns what no manifest names', async () => {
    const directory = await storeOfFormatOne()
    let elapsed = 0
    const open = async () => {
      const store = await openStore({ directory })
      const time = 1_800_000_000_000
      const options = { clock: () => time, elapsed: () => elapsed, leaseMs: 100_000 }
      return { store, metadata: await openMetadata({ log: store.log, ...options }) }
    }
    const first = await open()
    const condemned = (await first.metadata.condemn(100)).map(({ digest }) => digest)
    // An image that was deleted, and a blob that was unlinked.
    expect(condemned).toHaveLength(2)
    expect(condemned).toContain(digestOf('unlinked after the snapshot\n'))
    // What format 1 did not say is taken from the first opening, and stays.
    const page = { limit: 10 }
    const app = repositoryNamed('team/app')
    const read = async (metadata: typeof first.metadata) => ({
      tags: await metadata.listTagRecords(app, page),
      manifests: await metadata.listManifests(app, page),
    })
    const before = await read(first.metadata)
    expect(before.tags?.items.map(({ updatedAt }) => updatedAt)).toEqual(
      before.tags?.items.map(() => 1_800_000_000_000),
    )
    elapsed += 90_000
    await first.metadata.close()
    await first.store.close()
    const second = await open()
    expect(await read(second.metadata)).toEqual(before)
    expect(await second.metadata.condemn(100)).toHaveLength(2)
    elapsed += 20_000
    const later = (await second.metadata.condemn(100)).map(({ digest }) => digest)
    expect(later).toContain(digestOf('a blob of its own\n'))
    expect(later).toContain(digestOf('an old layer\n'))
    expect(later).not.toContain(digestOf('layer three\n'))
  })

  test('is refused where its newest journal lost a part before its seal', async () => {
    const directory = await storeOfFormatOne()
    const journal = await readFile(join(directory, 'journal.2'))
    journal[100] = (journal[100] ?? 0) ^ 1
    await writeFile(join(directory, 'journal.2'), journal)
    await expect(openRegistry({ directory })).rejects.toBeInstanceOf(StoreDamaged)
  })

  test('is protected against the loss of its journal from the first opening on', async () => {
    const directory = await storeOfFormatOne()
    const store = await openStore({ directory })
    afterTest(() => store.close())
    // Opened, and gone before it wrote anything.
    const { journals, seal } = await store.log.load()
    expect(seal).toBeNull()
    const newest = journals.at(-1)
    const journalBytes = (await nodeFiles.stat(join(directory, 'journal.2')))?.size ?? 0
    await store.log.adopt({ generation: newest?.generation ?? 0, journalBytes, damaged: [] })
    await store.close()
    await truncate(join(directory, 'journal.2'), 0)
    const opening = openRegistry({ directory, maintenance: false })
    await expect(opening).rejects.toThrow(/journal\.2.*cut off/)
  })
})
