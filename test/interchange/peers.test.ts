import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openContent } from '../../adapters/folders/open-content.ts'
import type { RegistryStores } from '../../src/index.ts'
import {
  type CopyProblem,
  httpSource,
  httpTarget,
  memoryStores,
  RegistryClient,
  storesSource,
  storesTarget,
  transferContent,
} from '../../src/kit.ts'
import { digestOfContent } from '../copy/content.ts'
import { hash } from '../copy/places.ts'
import { afterTest } from '../disk/temporary.ts'
import { app, fill, image, multi, other, signature } from './images.ts'
import { peers, programOf, startPeer } from './peers.ts'

describe.each(peers)('the folder of $name', (peer) => {
  const program = programOf(peer.name)
  if (program === null) {
    test.skip(`comes in: no ${peer.name} (name its program in BENCH_PEERS)`, () => {})
    return
  }

  test('comes in as the registry serves it, and is not changed', async () => {
    const server = await startPeer(peer, program)
    afterTest(() => server.stop())
    const url = new URL(`http://127.0.0.1:${server.port}`)
    const client = new RegistryClient({ url })
    const original = memoryStores()
    await fill(original)
    // Not each of them takes everything, such as manifests of sha512.
    await transferContent(storesSource(original), httpTarget(client, hash), { hash })
    const call = async (
      method: string,
      path: string,
      init: RequestInit = {},
    ): Promise<Response> => {
      const answer = await fetch(new URL(path, url), { method, ...init })
      await answer.arrayBuffer()
      return answer
    }
    // A deleted tag, a deleted manifest that an index names, and an upload that nobody ends.
    const untag = await call('DELETE', '/v2/team/app/manifests/arm64')
    const signed = digestOfContent(signature)
    const removed = await call('DELETE', `/v2/team/app/manifests/${signed}`)
    // The old distribution deletes manifests alone.
    expect([[202, 400].includes(untag.status), removed.status]).toEqual([true, 202])
    const begun = await call('POST', '/v2/team/app/blobs/uploads/')
    const where = new URL(begun.headers.get('location') ?? '', url)
    await call('PATCH', where.href, {
      body: 'half of it',
      headers: { 'content-type': 'application/octet-stream', 'content-range': '0-9' },
    })

    const data = join(server.folder, 'data')
    const before = listing(data)
    const { stores, found } = await imported(data)
    expect(listing(data)).toBe(before)
    // Where there is no API for referrers, the list that clients keep names what was deleted.
    const lacking = found.map(({ kind, name }) => [kind, name])
    expect(lacking).toEqual(peer.keepsLists ? [['missing', signed]] : [])
    const overHttp = memoryStores()
    const selection = new Map([app, other].map((name) => [name, null]))
    await transferContent(httpSource(client, hash), storesTarget(overHttp), { hash, selection })
    expect(await tagsOf(stores)).toEqual(await tagsOf(overHttp))
    expect(await stores.metadata.findManifest(app, signed)).toBeNull()
    await expectServed(stores, url)
    if (!peer.collects) return

    // An image that an index names goes, and then the bytes of all that was deleted.
    const child = digestOfContent(image([1, 3]))
    expect((await call('DELETE', `/v2/team/app/manifests/${child}`)).status).toBe(202)
    await server.halt('SIGTERM')
    const config = join(server.folder, 'config')
    execFileSync(program, ['garbage-collect', config], { stdio: 'ignore' })
    await server.resume()
    const after = await imported(data)
    const names = after.found.map(({ kind, what, name }) => [kind, what, name])
    expect(names).toEqual(
      expect.arrayContaining([
        ['missing', 'manifest', signed],
        ['missing', 'manifest', child],
      ]),
    )
    // The index is there without it, for the other platform.
    const multiple = await after.stores.metadata.resolveTag(app, 'v1' as never)
    expect(multiple?.digest).toBe(digestOfContent(multi))
    await expectServed(after.stores, url)
  })
})

/** Names, sizes and times of all files. */
function listing(folder: string): string {
  return execFileSync('find', [folder, '-printf', '%p %s %T@\n'], { encoding: 'utf8' })
}

async function imported(folder: string) {
  const stores = memoryStores()
  const found: CopyProblem[] = []
  const { source } = await openContent(folder, null)
  const target = storesTarget(stores)
  await transferContent(source, target, { hash, onProblem: (problem) => found.push(problem) })
  return { stores, found }
}

async function tagsOf({ metadata }: RegistryStores): Promise<unknown> {
  const view: unknown[] = []
  for (const name of (await metadata.listRepositories({ limit: 99 })).items) {
    const page = await metadata.listTagRecords(name, { limit: 999 })
    for (const { tag, digest } of page?.items ?? []) view.push([name, tag, digest])
  }
  return view
}

/** Everything that came is what the registry serves under its digest. */
async function expectServed({ metadata, blobs }: RegistryStores, url: URL): Promise<void> {
  for (const name of (await metadata.listRepositories({ limit: 99 })).items) {
    const page = await metadata.listManifests(name, { limit: 999 })
    expect(page?.items.length).toBeGreaterThan(0)
    for (const { record } of page?.items ?? []) {
      const path = `/v2/${name}/manifests/${record.digest}`
      const headers = { accept: record.mediaType }
      const answer = await fetch(new URL(path, url), { headers })
      const text = await answer.text()
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
        path,
        200,
        record.mediaType,
      ])
      const open = await blobs.open(record.blob)
      expect(await new Response(open?.stream()).text()).toBe(text)
    }
    const links = await metadata.listBlobs(name, { limit: 999 })
    for (const { digest, size } of links?.items ?? []) {
      const answer = await fetch(new URL(`/v2/${name}/blobs/${digest}`, url))
      const bytes = new Uint8Array(await answer.arrayBuffer())
      expect([digestOfContent(bytes, digest.split(':')[0]), bytes.byteLength]).toEqual([
        digest,
        size,
      ])
    }
  }
}
