import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRegistry } from '../../adapters/node-fs/index.ts'
import { createRegistry, mediaTypes } from '../../src/index.ts'
import { type Client, clientOf, codesOf, type Described, imageOf, jsonBytes } from './client.ts'

/** `__proto__` and `constructor` are legal tags, and `constructor` is a legal repository. */

const tags = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  '__defineGetter__',
]
const repositories = ['constructor', 'prototype', 'valueof', 'constructor/prototype', 'watch']
const headers = { 'Content-Type': mediaTypes.ociManifest }

async function pushNames(client: Client): Promise<void> {
  for (const tag of tags) await client.pushImage('app', tag, { annotations: { tag } })
  for (const repository of repositories) await client.pushImage(repository, 'latest')
}

async function readNames(client: Client): Promise<void> {
  const listed = await (await client.send('GET', '/v2/app/tags/list')).json()
  expect(listed).toEqual({ name: 'app', tags: [...tags].sort() })
  for (const tag of tags) {
    const manifest = (await (await client.send('GET', `/v2/app/manifests/${tag}`)).json()) as object
    expect(manifest).toMatchObject({ annotations: { tag } })
  }
  const catalog = await (await client.send('GET', '/v2/_catalog')).json()
  expect(catalog).toEqual({ repositories: ['app', ...repositories].sort() })
  for (const repository of repositories) {
    const answer = await client.send('HEAD', `/v2/${repository}/manifests/latest`)
    expect(answer.status, repository).toBe(200)
    const missing = await client.send('HEAD', `/v2/${repository}/manifests/toString`)
    expect(missing.status, repository).toBe(404)
  }
}

describe('names that JavaScript uses itself', () => {
  it('are names like any other', async () => {
    const client = clientOf(createRegistry())
    for (const name of [...tags, ...repositories]) {
      expect((await client.send('GET', `/v2/app/manifests/${name}`)).status).toBe(404)
      expect((await client.send('GET', `/v2/${name}/tags/list`)).status).not.toBe(200)
    }
    await pushNames(client)
    await readNames(client)
    for (const tag of tags) {
      expect((await client.send('DELETE', `/v2/app/manifests/${tag}`)).status).toBe(202)
    }
    expect(await (await client.send('GET', '/v2/app/tags/list')).json()).toEqual({
      name: 'app',
      tags: [],
    })
  })

  it('survive a restart of the disk store, in the snapshot and in the journal', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'layerdock-script-'))
    try {
      const first = await openRegistry({ directory })
      await pushNames(clientOf(first))
      await first.close()
      const second = await openRegistry({ directory })
      await readNames(clientOf(second))
      await second.close()
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('come back unchanged in annotations', async () => {
    const client = clientOf(createRegistry())
    const base = await client.pushImage('app', 'base')
    const subject: Described = { mediaType: mediaTypes.ociManifest, digest: base.digest, size: 1 }
    const annotations = '{"__proto__":"a","constructor":"b","toString":"c"}'
    const config = await client.pushBlob('app', '{}')
    const text = JSON.stringify({ ...imageOf(config), subject })
    const body = new TextEncoder().encode(text.replace('{', `{"annotations":${annotations},`))
    expect(
      (await client.send('PUT', '/v2/app/manifests/signature', { headers, body })).status,
    ).toBe(201)
    const listed = await client.send('GET', `/v2/app/referrers/${base.digest}`)
    expect(await listed.text()).toContain(`"annotations":${annotations}`)
  })

  it('do not change a prototype', async () => {
    const client = clientOf(createRegistry())
    const config = await client.pushBlob('app', '{}')
    const polluting = JSON.stringify(imageOf(config)).replace(
      '{',
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},',
    )
    const body = new TextEncoder().encode(polluting)
    const answer = await client.send('PUT', '/v2/app/manifests/x', { headers, body })
    expect(answer.status).toBe(201)
    expect(await (await client.send('GET', '/v2/app/manifests/x')).text()).toBe(polluting)
    expect('polluted' in {}).toBe(false)
  })

  it.each([65, 1_000, 100_000, 1_000_000])(
    'a manifest %d levels deep is refused',
    async (depth) => {
      const client = clientOf(createRegistry())
      const config = await client.pushBlob('app', '{}')
      const deep = `${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}`
      const text = JSON.stringify(imageOf(config)).replace('{', `{"deep":${deep},`)
      const body = new TextEncoder().encode(text)
      const answer = await client.send('PUT', '/v2/app/manifests/deep', { headers, body })
      expect(answer.status).toBe(400)
      expect(await codesOf(answer)).toEqual(['MANIFEST_INVALID'])
    },
  )

  it('a manifest 64 levels deep is accepted', async () => {
    const client = clientOf(createRegistry())
    const config = await client.pushBlob('app', '{}')
    const deep = JSON.parse(`${'['.repeat(63)}${']'.repeat(63)}`) as unknown
    const body = jsonBytes({ ...imageOf(config), deep })
    expect((await client.send('PUT', '/v2/app/manifests/deep', { headers, body })).status).toBe(201)
  })
})
