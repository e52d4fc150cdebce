import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openContent } from '../../adapters/folders/open-content.ts'
import { SafeFolder } from '../../adapters/folders/safe-folder.ts'
import { callContext } from '../../src/core/call-context.ts'
import type { Digest, RepositoryName } from '../../src/index.ts'
import { type CopyProblem, memoryStores, storesTarget, transferContent } from '../../src/kit.ts'
import { digestOfContent, run, type Step } from '../copy/content.ts'
import { hash } from '../copy/places.ts'
import { temporaryFolder } from '../disk/temporary.ts'
import { DistributionFixture } from './distribution-fixture.ts'

const app = 'team/app' as RepositoryName

async function imported(folder: string, as: RepositoryName | null = null) {
  const stores = memoryStores()
  const found: CopyProblem[] = []
  const { source } = await openContent(folder, as && { repository: as, tag: null })
  await transferContent(source, storesTarget(stores), {
    hash,
    onProblem: (problem) => found.push(problem),
  })
  const tags: string[] = []
  for (const name of (await stores.metadata.listRepositories({ limit: 99 })).items) {
    const page = await stores.metadata.listTags(name, { limit: 99 })
    tags.push(...(page?.items ?? []).map((tag) => `${name}:${tag}`))
  }
  const problems = found.map(({ kind, what, name }) => [kind, what, name])
  return { stores, tags, found, problems }
}

function pushText(repository: RepositoryName, text: string): Step {
  const bytes = new TextEncoder().encode(text)
  return {
    name: `${text} to ${repository}`,
    run: (service) =>
      service.pushBlob(callContext(), repository, digestOfContent(text), {
        source: { pipe: async (sink) => void (await sink(bytes.slice())), abort() {} },
        length: bytes.byteLength,
      }),
  }
}

async function fixture(): Promise<{ folder: string; made: DistributionFixture; image: string }> {
  const folder = await temporaryFolder()
  const made = new DistributionFixture(folder)
  const image = made.image('layer', app, 'v1')
  return { folder, made, image }
}

describe('a folder of distribution', () => {
  test('is found by its root and by the folders in it, with the times of its tags', async () => {
    const { folder, made } = await fixture()
    const link = made.path('repositories', app, '_manifests/tags/v1/current/link')
    utimesSync(link, 1_700_000_000, 1_700_000_000)
    for (const path of [
      folder,
      join(folder, 'docker'),
      join(folder, 'docker/registry'),
      made.root,
    ]) {
      const { stores, tags, found } = await imported(path)
      expect([tags, found]).toEqual([['team/app:v1'], []])
      const page = await stores.metadata.listTagRecords(app, { limit: 1 })
      expect(page?.items).toMatchObject([{ updatedAt: 1_700_000_000_000 }])
    }
  })

  test('with links that lead nowhere: each is named, and the rest comes', async () => {
    const { folder, made, image } = await fixture()
    const layer = digestOfContent('layer')
    const gone = digestOfContent('gone')
    const second = made.image('second', app, 'v2')
    // A tag of a deleted manifest, a manifest whose bytes were collected, a layer likewise.
    made.tag(gone, app, 'deleted')
    rmSync(made.data(second))
    rmSync(made.data(layer))
    made.write('', 'repositories', app, '_manifests/tags/empty/current/link')
    mkdirSync(made.path('repositories', app, '_manifests/tags/unlinked/current'), {
      recursive: true,
    })
    made.write('half', 'repositories', app, '_uploads/3f/data')
    const { tags, problems } = await imported(folder)
    expect(tags).toEqual(['team/app:v1'])
    expect(problems.sort()).toEqual(
      [
        ['missing', 'blob', layer],
        ['missing', 'manifest', second],
        ['missing', 'tag', 'v2'],
        ['missing', 'tag', 'deleted'],
        ['damaged', 'tag', 'empty'],
        ['missing', 'tag', 'unlinked'],
      ].sort(),
    )
    expect(image).toMatch(/^sha256:/)
  })

  test('with bytes that are not those of their digest: none of them comes', async () => {
    const { folder, made } = await fixture()
    const layer = digestOfContent('layer')
    writeFileSync(made.data(layer), 'LAYER')
    const other = made.image('other', app, 'bad')
    writeFileSync(made.data(other), readFileSync(made.data(other), 'utf8').replace('2', '2 '))
    const { stores, tags, problems } = await imported(folder)
    expect(tags).toEqual(['team/app:v1'])
    expect(problems.sort()).toEqual(
      [
        ['damaged', 'blob', layer],
        ['damaged', 'manifest', other],
        ['damaged', 'tag', 'bad'],
      ].sort(),
    )
    expect(await stores.metadata.findBlob(app, layer)).toBeNull()
  })

  test('a repository does not get what only another one has a link to', async () => {
    const { folder, made } = await fixture()
    const secret = made.blob('secret of another', 'other')
    const config = made.blob('{}', app)
    const mediaType = 'application/octet-stream'
    made.manifest(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: { mediaType, digest: config, size: 2 },
        layers: [{ mediaType, digest: secret, size: 17 }],
      }),
      app,
      'steals',
    )
    const { stores, problems } = await imported(folder)
    expect(problems).toEqual([['missing', 'blob', secret]])
    expect(await stores.metadata.findBlob(app, secret as Digest)).toBeNull()
  })

  test('nor what another repository of the target has, and the source does not', async () => {
    const { folder, made } = await fixture()
    const secret = digestOfContent('secret of another')
    made.blob('not the secret', app, secret)
    const stores = memoryStores()
    await run(stores, [pushText('private' as RepositoryName, 'secret of another')])
    const mediaType = 'application/octet-stream'
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType, digest: made.blob('{}', app), size: 2 },
      layers: [{ mediaType, digest: secret, size: 17 }],
    })
    made.manifest(text, app, 'steals')
    const found: CopyProblem[] = []
    const { source } = await openContent(folder, null)
    const onProblem = (problem: CopyProblem): void => void found.push(problem)
    await transferContent(source, storesTarget(stores), { hash, onProblem })
    expect(found).toMatchObject([{ kind: 'damaged', what: 'blob', name: secret }])
    expect(await stores.metadata.findBlob(app, secret)).toBeNull()
  })

  test('with manifests that no registry takes: each is named', async () => {
    const { folder, made } = await fixture()
    const texts = [
      JSON.stringify({ schemaVersion: 1, name: app, tag: 'old', fsLayers: [] }),
      'not JSON',
      `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    ]
    const digests = texts.map((text, at) => made.manifest(text, app, `t${at}`))
    const { tags, problems } = await imported(folder)
    expect(tags).toEqual(['team/app:v1'])
    for (const digest of digests)
      expect(problems).toContainEqual(['unsupported', 'manifest', digest])
  })
})

describe('links and special files are named, and not followed', () => {
  test('in place of bytes, of a link, of a tag, of a repository', async () => {
    const { folder, made } = await fixture()
    const outside = await temporaryFolder()
    const secret = join(outside, 'secret')
    writeFileSync(secret, 'layer')
    const layer = digestOfContent('layer')
    rmSync(made.data(layer))
    symlinkSync(secret, made.data(layer))
    const second = made.image('second', app, 'v2')
    const bytes = made.data(second)
    rmSync(dirname(bytes), { recursive: true })
    mkdirSync(join(outside, 'folder'))
    writeFileSync(join(outside, 'folder/data'), 'x')
    symlinkSync(join(outside, 'folder'), dirname(bytes))
    symlinkSync(outside, made.path('repositories', app, '_manifests/tags/linked'))
    symlinkSync(outside, made.path('repositories/elsewhere'))
    const { tags, problems } = await imported(folder)
    expect(tags).toEqual(['team/app:v1'])
    expect(problems.sort()).toEqual(
      [
        ['refused', 'blob', layer],
        ['refused', 'manifest', second],
        ['refused', 'tag', 'v2'],
        ['refused', 'tag', 'linked'],
        ['refused', 'repository', 'elsewhere'],
      ].sort(),
    )
  })

  test('pipes, which would be waited for without end', async () => {
    const { folder, made } = await fixture()
    const layer = digestOfContent('layer')
    rmSync(made.data(layer))
    execFileSync('mkfifo', [made.data(layer)])
    execFileSync('mkfifo', [made.path('repositories/pipe')])
    const { problems } = await imported(folder)
    expect(problems).toEqual([
      ['refused', 'blob', layer],
      ['refused', 'repository', 'pipe'],
    ])
  })

  test('in an image layout', async () => {
    const folder = await temporaryFolder()
    const outside = await temporaryFolder()
    writeFileSync(join(outside, 'index.json'), '{"manifests":[]}')
    writeFileSync(join(folder, 'oci-layout'), '{}')
    symlinkSync(join(outside, 'index.json'), join(folder, 'index.json'))
    await expect(imported(folder, app)).rejects.toThrow('symbolic link, which is not followed')
    rmSync(join(folder, 'index.json'))
    execFileSync('mkfifo', [join(folder, 'index.json')])
    await expect(imported(folder, app)).rejects.toThrow('is not a file')
  })

  test('a path does not lead out of the folder, whatever its names are', async () => {
    const folder = await SafeFolder.open(await temporaryFolder())
    for (const path of [
      ['..', 'x'],
      ['a/../../b'],
      ['.'],
      [''],
      ['a\0b'],
      ['a', '..', '..', 'b'],
    ]) {
      await expect(folder.read(path, 10)).rejects.toMatchObject({ kind: 'refused' })
    }
  })
})

describe('an image layout that is wrong', () => {
  async function layout(index: string): Promise<string> {
    const folder = await temporaryFolder()
    writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    writeFileSync(join(folder, 'index.json'), index)
    return folder
  }

  test.each([
    ['not JSON', 'nonsense'],
    ['no index', '[]'],
    ['deep', `{"manifests":[${'['.repeat(10_000)}`],
    ['an entry that is none', '{"manifests":["x"]}'],
    ['a digest that is a list', '{"manifests":[{"digest":["sha256:0"]}]}'],
  ])('%s', async (_, text) => {
    await expect(imported(await layout(text), app)).rejects.toMatchObject({ kind: 'damaged' })
  })

  test.each(['../../etc/passwd', 'sha256:../../../etc/passwd', 'md5:abc', '', 'sha256:ABC'])(
    'an entry of the digest %j is named',
    async (digest) => {
      const entry = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 }
      const folder = await layout(JSON.stringify({ manifests: [entry] }))
      const { problems } = await imported(folder, app)
      expect(problems).toEqual([['unsupported', 'manifest', 'index.json']])
    },
  )

  test('a huge index is not read', async () => {
    const folder = await layout('{}')
    truncateSync(join(folder, 'index.json'), 65 * 1024 * 1024)
    await expect(imported(folder, app)).rejects.toThrow('is larger than')
  })

  test('a huge manifest, and indexes nested deeper than any client reads', async () => {
    const folder = await temporaryFolder()
    mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
    writeFileSync(join(folder, 'oci-layout'), '{}')
    const put = (text: string): { mediaType: string; digest: string; size: number } => {
      const digest = digestOfContent(text)
      writeFileSync(join(folder, 'blobs', digest.replace(':', '/')), text)
      const mediaType = 'application/vnd.oci.image.index.v1+json'
      return { mediaType, digest, size: text.length }
    }
    let entry = put('{"schemaVersion":2,"manifests":[]}')
    for (let depth = 0; depth < 40; depth += 1) {
      entry = put(
        JSON.stringify({ schemaVersion: 2, mediaType: entry.mediaType, manifests: [entry] }),
      )
    }
    const large = put('{}')
    truncateSync(join(folder, 'blobs', large.digest.replace(':', '/')), 17 * 1024 * 1024)
    writeFileSync(join(folder, 'index.json'), JSON.stringify({ manifests: [entry, large] }))
    const { found } = await imported(folder, app)
    expect(found.map(({ detail }) => detail).sort()).toEqual([
      expect.stringContaining('is larger than'),
      'indexes are nested too deep',
    ])
  })
})

describe('a folder of layouts', () => {
  test('repositories inside others, and what is none', async () => {
    const folder = await temporaryFolder()
    for (const path of ['a', 'a/b', 'a/b/c.d', 'Upper', '.sync/x', 'a/blobs/sha256', 'plain/x']) {
      mkdirSync(join(folder, path), { recursive: true })
      if (path === 'a/blobs/sha256' || path.startsWith('plain')) continue
      writeFileSync(join(folder, path, 'oci-layout'), '{}')
      writeFileSync(join(folder, path, 'index.json'), '{"manifests":[]}')
    }
    const { source, form } = await openContent(folder, null)
    expect(form).toBe('folder of layouts')
    const names: string[] = []
    for await (const name of source.repositories()) names.push(name)
    expect(names).toEqual(['a', 'a/b', 'a/b/c.d'])
    expect(await source.problems?.()).toMatchObject([{ kind: 'unsupported', name: 'Upper' }])
  })
})
