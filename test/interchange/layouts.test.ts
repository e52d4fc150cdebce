import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { archiveFile } from '../../adapters/folders/archive-sinks.ts'
import { layoutArchiveWriter } from '../../adapters/folders/layout-archive-writer.ts'
import { layoutFolderWriter } from '../../adapters/folders/layout-folder-writer.ts'
import { openContent } from '../../adapters/folders/open-content.ts'
import { callContext } from '../../src/core/call-context.ts'
import { createRegistry, type Digest, type RepositoryName } from '../../src/index.ts'
import {
  type BlobStore,
  type CopiedStores,
  type CopyProblem,
  type LayoutTarget,
  layoutTarget,
  memoryStores,
  type Selection,
  storesSource,
  storesTarget,
  transferContent,
} from '../../src/kit.ts'
import { digestOfContent, pushManifest, run } from '../copy/content.ts'
import { hash } from '../copy/places.ts'
import { temporaryFolder } from '../disk/temporary.ts'
import { app, fill, image, multi, other, served } from './images.ts'

type Sink = (chunk: Uint8Array) => void | Promise<void>

async function filled(): Promise<CopiedStores> {
  const stores = memoryStores()
  await fill(stores)
  return stores
}

/** Exports to a folder, or to an archive where the name says so. */
async function exported(
  stores: CopiedStores,
  to: string,
  selection?: Selection,
): Promise<LayoutTarget> {
  const writer = to.endsWith('.tar')
    ? layoutArchiveWriter(await archiveFile(to))
    : await layoutFolderWriter(to, hash)
  const target = layoutTarget(writer, { wholeNames: selection?.size !== 1, hash })
  const { problems } = await transferContent(storesSource(stores), target, {
    hash,
    ...(selection === undefined ? {} : { selection }),
  })
  expect(problems).toBe(0)
  return target
}

async function imported(from: string, as: RepositoryName | null = null) {
  const stores = memoryStores()
  const found: CopyProblem[] = []
  const content = await openContent(from, as && { repository: as, tag: null })
  const progress = await transferContent(content.source, storesTarget(stores), {
    hash,
    onProblem: (problem) => found.push(problem),
  })
  await content.close()
  return { stores, found, progress }
}

test.each(['layout', 'layout.tar'])(
  'a registry comes back as it was from %s, with tags, times, referrers and nested indexes',
  async (name) => {
    const stores = await filled()
    const to = join(await temporaryFolder(), name)
    const { hiddenTags } = await exported(stores, to)
    expect(hiddenTags).toEqual(['team/app:_odd-', 'team/app:v1..2'])
    const { stores: back, found } = await imported(to)
    expect(found).toEqual([])
    expect(await served(back)).toEqual(await served(stores))
  },
)

test('the same content makes the same archive', async () => {
  const stores = await filled()
  const folder = await temporaryFolder()
  for (const name of ['a.tar', 'b.tar']) await exported(stores, join(folder, name))
  expect(readFileSync(join(folder, 'a.tar')).equals(readFileSync(join(folder, 'b.tar')))).toBe(true)
  expect(readdirSync(folder).sort()).toEqual(['a.tar', 'b.tar'])
})

test('large blobs go into an archive as they are read, and a damaged one is named and left out', async () => {
  const stores = memoryStores()
  const { service } = createRegistry({ stores, hash })
  const mediaType = 'application/octet-stream'
  const layers = [5, 6, 7].map((mib) => new Uint8Array(mib * 1024 * 1024 + 1).fill(mib))
  const descriptors = layers.map((bytes) => ({
    mediaType,
    digest: digestOfContent(bytes),
    size: bytes.byteLength,
  }))
  for (const [at, bytes] of layers.entries()) {
    const source = { pipe: async (sink: Sink) => void (await sink(bytes.slice())), abort() {} }
    const digest = descriptors[at]?.digest as Digest
    await service.pushBlob(callContext(), app, digest, { source, length: bytes.byteLength })
  }
  const [config, ...rest] = descriptors
  await run(stores, [pushManifest(app, image([], { config, layers: rest }), ['large' as never])])
  const to = join(await temporaryFolder(), 'large.tar')
  await exported(stores, to)
  const { stores: back, found } = await imported(to)
  expect(found).toEqual([])
  expect(await served(back)).toEqual(await served(stores))

  // Bytes change where they lie.
  const blobs: BlobStore = {
    ...stores.blobs,
    stage: (...given) => stores.blobs.stage(...given),
    list: (after) => stores.blobs.list(after),
    delete: (blob) => stores.blobs.delete(blob),
    close: async () => {},
    async open(blob) {
      const open = await stores.blobs.open(blob, 'anew')
      if (open === null || blob.digest !== config?.digest) return open
      return {
        ...open,
        stream: () => new Response(new Uint8Array(blob.size)).body ?? open.stream(),
      }
    },
  }
  const writer = layoutArchiveWriter(await archiveFile(to))
  const target = layoutTarget(writer, { wholeNames: true, hash })
  const problems: CopyProblem[] = []
  const onProblem = (problem: CopyProblem): void => void problems.push(problem)
  await transferContent(storesSource({ ...stores, blobs }), target, { hash, onProblem })
  expect(problems).toMatchObject([{ kind: 'damaged', what: 'blob', name: config?.digest }])
  const { found: missing } = await imported(to)
  expect(missing).toMatchObject([{ kind: 'missing', what: 'blob', name: config?.digest }])
})

test('one repository has its tags as names, and lists of referrers as clients look for them', async () => {
  const stores = await filled()
  const to = join(await temporaryFolder(), 'layout')
  await exported(stores, to, new Map([[app, null]]))
  const { manifests } = JSON.parse(readFileSync(join(to, 'index.json'), 'utf8'))
  const key = 'org.opencontainers.image.ref.name'
  const names = manifests.map(
    (one: { annotations: Record<string, string> }) => one.annotations[key],
  )
  expect(names).toEqual(expect.arrayContaining(['arm64', 'docker', 'latest', 'nested', 'v1']))
  expect(names.filter((name: string) => name?.startsWith('sha256-'))).toHaveLength(3)
  expect(readdirSync(to).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])

  const { stores: back } = await imported(to)
  const [whole] = (await served(stores)) as { name: string }[]
  const [, one] = (await served(stores)) as { name: string }[]
  expect(await served(back)).toEqual([whole, one].filter((view) => view?.name === app))
  // Elsewhere, where it is asked for.
  const renamed = await imported(to, other)
  expect((await renamed.stores.metadata.listRepositories({ limit: 9 })).items).toEqual([other])
})

test('a tag is exported with what it stands for and its referrers, and beside others in a layout', async () => {
  const stores = await filled()
  const to = join(await temporaryFolder(), 'layout')
  const tagsOf = async (): Promise<readonly string[]> => {
    const { stores: back } = await imported(to)
    return (await back.metadata.listTags(app, { limit: 100 }))?.items ?? []
  }
  const one: Selection = new Map([[app, ['v1' as never]]])
  await exported(stores, to, one)
  expect(await tagsOf()).toEqual(['v1'])
  const { stores: back } = await imported(to)
  const counts = await back.metadata.countRepository(app)
  // The index, its two images, a signature, what refers to that, and what refers to an image.
  expect(counts).toMatchObject({ manifests: 6, tags: 1 })
  expect(counts?.bytes ?? multi.length).toBeGreaterThan(0)
})

test('what is there is not written again, what is damaged is, and what was deleted goes from the index', async () => {
  const stores = await filled()
  const to = join(await temporaryFolder(), 'layout')
  await exported(stores, to)
  const blobs = join(to, 'blobs/sha256')
  const [name = ''] = readdirSync(blobs)
  const whole = readFileSync(join(blobs, name))
  writeFileSync(join(blobs, name), whole.subarray(1))
  await stores.metadata.deleteTag(app, 'nested' as never)
  await exported(stores, to)
  expect(readFileSync(join(blobs, name)).equals(whole)).toBe(true)
  const { stores: back, found } = await imported(to)
  expect(found).toEqual([])
  expect(await served(back)).toEqual(await served(stores))
})

test('an import that is done again copies nothing, and names what stands for something else', async () => {
  const stores = await filled()
  const to = join(await temporaryFolder(), 'layout')
  await exported(stores, to)
  const content = await openContent(to, null)
  const target = storesTarget(stores)
  const again = await transferContent(content.source, target, { hash })
  expect(again.copied).toEqual({ repository: 0, blob: 0, manifest: 0, tag: 0 })
  expect(again.bytes).toBe(0)

  const v1 = await stores.metadata.resolveTag(app, 'arm64' as never)
  if (v1 === null) throw new Error('no arm64')
  const { pushedAt: _, ...record } = v1
  await stores.metadata.putManifest(app, {
    record,
    tags: ['latest' as never],
    immutable: [],
    requires: [],
  })
  const found: CopyProblem[] = []
  const onProblem = (problem: CopyProblem): void => void found.push(problem)
  await transferContent(content.source, target, { hash, onProblem })
  expect(found).toMatchObject([{ kind: 'conflict', what: 'tag', repository: app, name: 'latest' }])
  const moved = await transferContent(content.source, target, { hash, movesTags: true })
  expect(moved).toMatchObject({ problems: 0, copied: { tag: 1 } })
})

test('a layout of others: names with hosts, of containerd, and without a repository', async () => {
  const stores = await filled()
  const to = join(await temporaryFolder(), 'layout')
  await exported(stores, to, new Map([[other, null]]))
  const file = join(to, 'index.json')
  const { manifests } = JSON.parse(readFileSync(file, 'utf8'))
  const write = (annotations: object): void => {
    writeFileSync(file, JSON.stringify({ manifests: [{ ...manifests[0], annotations }] }))
  }
  const refName = 'org.opencontainers.image.ref.name'
  write({ [refName]: 'latest', 'io.containerd.image.name': 'docker.io/library/alpine:3.20' })
  const tagsOf = async (name: string): Promise<readonly string[]> => {
    const { stores: back } = await imported(to)
    return (await back.metadata.listTags(name as never, { limit: 9 }))?.items ?? []
  }
  expect(await tagsOf('library/alpine')).toEqual(['3.20'])
  write({ [refName]: 'localhost:5000/a/b:v1@sha256:0' })
  expect(await tagsOf('a/b')).toEqual(['v1'])
  write({ [refName]: 'v7' })
  await expect(imported(to)).rejects.toThrow('does not say which repository')
  const { stores: back } = await imported(to, app)
  expect((await back.metadata.listTags(app, { limit: 9 }))?.items).toEqual(['v7'])
  const content = await openContent(to, { repository: app, tag: 'v8' as never })
  await transferContent(content.source, storesTarget(back), { hash })
  expect((await back.metadata.listTags(app, { limit: 9 }))?.items).toEqual(['v7', 'v8'])
  write({ [refName]: 'not a tag' })
  const { found } = await imported(to, app)
  expect(found).toMatchObject([{ kind: 'unsupported', what: 'tag', name: 'not a tag' }])
})

test('a folder that holds something else is left alone', async () => {
  const folder = await temporaryFolder()
  writeFileSync(join(folder, 'notes.txt'), 'notes')
  await expect(layoutFolderWriter(folder, hash)).rejects.toThrow('notes.txt')
  await expect(openContent(folder, null)).rejects.toThrow('not an image layout')
  expect(readdirSync(folder)).toEqual(['notes.txt'])
  rmSync(join(folder, 'notes.txt'))
  mkdirSync(join(folder, 'empty'))
  await expect(openContent(folder, null)).rejects.toThrow('not an image layout')
  await (await open(folder, 'r')).close()
})
