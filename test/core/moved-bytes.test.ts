import { beforeEach, describe, expect, test } from 'vitest'
import { createRegistry, type Notice, type Registry } from '../../src/index.ts'
import { type BlobStore, memoryStores, newUploadId } from '../../src/kit.ts'
import { digestOfBytes, readAll, sampleBytes } from '../../src/testing/samples.ts'

const base = 'http://registry.test/v2/team/app'
const image = 'application/vnd.oci.image.manifest.v1+json'

/** A registry whose store moves bytes, as a compaction does, between the look for their key and the read. */
function movingRegistry(): { registry: Registry; notices: Notice[]; reads: () => number } {
  const { blobs, ...stores } = memoryStores()
  let reads = 0
  const open: BlobStore['open'] = async (ref) => {
    const opened = await blobs.open(ref)
    // Every other read: the one that follows a move finds the bytes.
    reads += 1
    if (opened === null || reads % 2 === 0) return opened
    const staged = await blobs.stage(newUploadId(), {})
    await staged.write(await readAll(opened.stream()))
    const to = await staged.commit(ref.digest)
    expect(await stores.metadata.relocate(ref, to)).toBe(true)
    await blobs.delete(ref)
    return await blobs.open(ref)
  }
  const moving: BlobStore = {
    stage: (id, hint, from) => blobs.stage(id, hint, from),
    open,
    delete: (ref) => blobs.delete(ref),
    list: (after) => blobs.list(after),
    close: () => blobs.close(),
  }
  const notices: Notice[] = []
  const registry = createRegistry({
    stores: { ...stores, blobs: moving },
    limits: { manifestCacheBytes: 0 },
    onNotice: (notice) => notices.push(notice),
  })
  return { registry, notices, reads: () => reads }
}

describe('bytes that are moved while they are asked for', () => {
  let pushed = 0
  let moving: ReturnType<typeof movingRegistry>
  beforeEach(() => {
    moving = movingRegistry()
  })

  async function send(method: string, path: string, body?: Uint8Array): Promise<Response> {
    const headers = { 'content-type': image }
    const init = { method, headers, body: body === undefined ? null : new Uint8Array(body) }
    return await moving.registry.fetch(new Request(`${base}/${path}`, init))
  }

  async function pushBlob(): Promise<{ bytes: Uint8Array; digest: string }> {
    pushed += 1
    const bytes = sampleBytes(500, pushed)
    const digest = await digestOfBytes(bytes)
    const answer = await send('POST', `blobs/uploads/?digest=${digest}`, bytes)
    expect(answer.status).toBe(201)
    return { bytes, digest }
  }

  async function pushManifest(reference: string, fields: object): Promise<Uint8Array> {
    const { digest } = await pushBlob()
    const config = { mediaType: 'text/plain', digest, size: 500 }
    const document = { schemaVersion: 2, mediaType: image, config, layers: [], ...fields }
    const bytes = new TextEncoder().encode(JSON.stringify(document))
    const name = reference === '' ? await digestOfBytes(bytes) : reference
    expect((await send('PUT', `manifests/${name}`, bytes)).status).toBe(201)
    return bytes
  }

  test('a blob is read where it is then', async () => {
    const { bytes, digest } = await pushBlob()
    const answer = await send('GET', `blobs/${digest}`)
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes)
    expect(moving.reads()).toBe(2)
    expect(moving.notices).toEqual([])
  })

  test('so is a manifest', async () => {
    const bytes = await pushManifest('latest', {})
    const answer = await send('GET', 'manifests/latest')
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes)
    expect(moving.reads()).toBe(2)
    expect(moving.notices).toEqual([])
  })

  test('so are annotations in a list of referrers', async () => {
    const subject = await pushManifest('latest', {})
    const digest = await digestOfBytes(subject)
    const annotations = { note: 'x'.repeat(20_000) }
    await pushManifest('', {
      subject: { mediaType: image, digest, size: subject.byteLength },
      artifactType: 'text/plain',
      annotations,
    })
    const listed = await (await send('GET', `referrers/${digest}`)).json()
    expect(listed.manifests[0].annotations).toEqual(annotations)
    expect(moving.reads()).toBe(2)
    expect(moving.notices).toEqual([])
  })
})
