import { execFile } from 'node:child_process'
import { accessSync, constants, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { archiveFile } from '../../adapters/folders/archive-sinks.ts'
import { layoutArchiveWriter } from '../../adapters/folders/layout-archive-writer.ts'
import { layoutFolderWriter } from '../../adapters/folders/layout-folder-writer.ts'
import { openContent } from '../../adapters/folders/open-content.ts'
import { serve } from '../../adapters/node-fs/index.ts'
import { createRegistry, type Digest, type RegistryStores } from '../../src/index.ts'
import {
  type CopyProblem,
  layoutTarget,
  memoryStores,
  storesSource,
  storesTarget,
  transferContent,
} from '../../src/kit.ts'
import { digestOfContent } from '../copy/content.ts'
import { hash } from '../copy/places.ts'
import { afterTest, temporaryFolder } from '../disk/temporary.ts'
import { app, fill, multi, signature } from './images.ts'

const run = promisify(execFile)

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** A test that needs a client, and says so where there is none. */
function withClient(program: string, title: string, body: () => Promise<void>): void {
  if (isInstalled(program)) test(title, body, 60_000)
  else test.skip(`${title}: no ${program} on the path`, () => {})
}

async function filled(): Promise<RegistryStores> {
  const stores = memoryStores()
  await fill(stores)
  return stores
}

/** The repository `team/app` as a layout. */
async function exported(name = 'layout'): Promise<string> {
  const to = join(await temporaryFolder(), name)
  const writer = name.endsWith('.tar')
    ? layoutArchiveWriter(await archiveFile(to))
    : await layoutFolderWriter(to, hash)
  const target = layoutTarget(writer, { wholeNames: false, hash })
  const selection = new Map([[app, null]])
  await transferContent(storesSource(await filled()), target, { hash, selection })
  return to
}

async function imported(from: string) {
  const stores = memoryStores()
  const found: CopyProblem[] = []
  const { source, close } = await openContent(from, { repository: app, tag: null })
  const onProblem = (problem: CopyProblem): void => void found.push(problem)
  await transferContent(source, storesTarget(stores), { hash, onProblem })
  await close()
  return { found, stores, metadata: stores.metadata }
}

/** A registry that listens, and where. */
async function served(stores: RegistryStores): Promise<string> {
  const server = await serve(createRegistry({ stores, hash }), { port: 0 })
  afterTest(() => server.close())
  return new URL(server.url).host
}

const digest = digestOfContent(multi) as Digest
const signed = digestOfContent(signature) as Digest

describe('skopeo', () => {
  withClient('skopeo', 'reads our folder and our archive, every platform', async () => {
    const folder = await exported()
    const archive = await exported('layout.tar')
    for (const from of [`oci:${folder}:v1`, `oci-archive:${archive}:v1`]) {
      const to = join(await temporaryFolder(), 'copy')
      await run('skopeo', ['copy', '--all', '--preserve-digests', from, `oci:${to}:v1`])
      const { found, metadata } = await imported(to)
      expect(found).toEqual([])
      expect((await metadata.resolveTag(app, 'v1' as never))?.digest).toBe(digest)
    }
  })

  withClient('skopeo', 'writes an archive that comes in', async () => {
    const host = await served(await filled())
    const to = join(await temporaryFolder(), 'image.tar')
    const from = `docker://${host}/team/app:nested`
    await run('skopeo', [
      'copy',
      '--src-tls-verify=false',
      `${from.replace('nested', 'arm64')}`,
      `oci-archive:${to}:arm64`,
    ])
    const { found, metadata } = await imported(to)
    expect(found).toEqual([])
    expect(await metadata.resolveTag(app, 'arm64' as never)).not.toBeNull()
  })
})

describe('oras', () => {
  withClient('oras', 'finds tags and referrers in our layout, and copies them', async () => {
    const folder = await exported()
    const tags = await run('oras', ['repo', 'tags', '--oci-layout', folder])
    expect(tags.stdout.split('\n')).toEqual(expect.arrayContaining(['v1', 'latest', 'nested']))
    const tree = await run('oras', ['discover', '--oci-layout', `${folder}:v1`])
    expect(tree.stdout).toContain(signed)
    const to = join(await temporaryFolder(), 'copy')
    const ends = ['--from-oci-layout', `${folder}:v1`, '--to-oci-layout', `${to}:v1`]
    await run('oras', ['cp', '-r', ...ends])
    const { found, metadata } = await imported(to)
    expect(found).toEqual([])
    expect((await metadata.resolveTag(app, 'v1' as never))?.digest).toBe(digest)
    const referrers = await metadata.listReferrers(app, digest, { maxBytes: 100_000 })
    expect(referrers.items.map((one) => one.digest)).toEqual([signed])
  })
})

describe('regctl', () => {
  withClient('regctl', 'finds tags and referrers in our layout, and copies them', async () => {
    const folder = await exported()
    const { stdout } = await run('regctl', ['tag', 'ls', `ocidir://${folder}`])
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['v1', 'latest', 'nested']))
    const list = await run('regctl', ['artifact', 'list', `ocidir://${folder}:v1`])
    expect(list.stdout).toContain(signed)
    const to = join(await temporaryFolder(), 'copy')
    const ends = [`ocidir://${folder}:v1`, `ocidir://${to}:v1`]
    await run('regctl', ['image', 'copy', '--referrers', '--digest-tags', ...ends])
    const { found, metadata } = await imported(to)
    expect(found).toEqual([])
    expect((await metadata.resolveTag(app, 'v1' as never))?.digest).toBe(digest)
    const referrers = await metadata.listReferrers(app, digest, { maxBytes: 100_000 })
    expect(referrers.items.map((one) => one.digest)).toEqual([signed])
    const all = await metadata.listTags(app, { limit: 99 })
    expect(all?.items).toEqual(['v1'])
  })
})

describe('crane', () => {
  withClient('crane', 'pushes our layout, and writes one that comes in', async () => {
    const host = await served(await filled())
    const to = join(await temporaryFolder(), 'layout')
    await run('crane', ['pull', '--insecure', '--format=oci', `${host}/team/app:v1`, to])
    const { found, metadata } = await imported(to)
    expect(found).toEqual([])
    // It writes no name, so the manifest has no tag.
    expect(await metadata.findManifest(app, digest)).not.toBeNull()

    const folder = await exported()
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))
    index.manifests = index.manifests.filter((one: { digest: string }) => one.digest === digest)
    index.manifests.length = 1
    writeFileSync(join(folder, 'index.json'), JSON.stringify(index))
    const stores = memoryStores()
    const target = await served(stores)
    await run('crane', ['push', '--insecure', folder, `${target}/team/app:pushed`])
    expect(await stores.metadata.resolveTag(app, 'pushed' as never)).not.toBeNull()
  })
})

describe('tar', () => {
  withClient('tar', 'unpacks our archive, and packs a layout that comes in', async () => {
    const archive = await exported('layout.tar')
    const folder = await temporaryFolder()
    await run('tar', ['xf', archive, '-C', folder])
    const direct = await imported(folder)
    expect(direct.found).toEqual([])
    for (const format of ['gnu', 'pax', 'ustar']) {
      if (format === 'ustar') await run('rm', ['-rf', join(folder, 'blobs/sha512')])
      const packed = join(await temporaryFolder(), `${format}.tar`)
      await run('tar', [`--format=${format}`, '-cf', packed, '-C', folder, '.'])
      const { found, metadata } = await imported(packed)
      // A name of sha512 does not fit into the oldest format.
      const lacking = format === 'gnu' || format === 'pax' ? [] : ['sha512']
      expect(found.map(({ name }) => name)).toEqual(lacking)
      expect((await metadata.resolveTag(app, 'v1' as never))?.digest).toBe(digest)
    }
  })
})
