import { beforeEach, describe, expect, test } from 'vitest'
import {
  callContext,
  createRegistry,
  type Registry,
  type RegistryOptions,
  repositoryName,
  tagName,
} from '../../src/index.ts'
import { settled, whenSettled } from '../../src/oci/settled.ts'
import { digestOfBytes, sampleBytes } from '../../src/testing/samples.ts'

const base = 'http://registry.test/v2/team/app'
const image = 'application/vnd.oci.image.manifest.v1+json'
const bytes = sampleBytes(500)
let manifest: Uint8Array
let digest: string

async function filled(options: RegistryOptions = {}): Promise<Registry> {
  const registry = createRegistry(options)
  const send = (method: string, path: string, body: Uint8Array): Promise<Response> =>
    Promise.resolve(
      registry.fetch(
        new Request(`${base}/${path}`, {
          method,
          body: body.slice(),
          headers: { 'Content-Type': image },
        }),
      ),
    )
  expect((await send('POST', `blobs/uploads/?digest=${digest}`, bytes)).status).toBe(201)
  expect((await send('PUT', 'manifests/latest', manifest)).status).toBe(201)
  return registry
}

beforeEach(async () => {
  digest = await digestOfBytes(bytes)
  const config = { mediaType: 'text/plain', digest, size: 500 }
  const document = { schemaVersion: 2, mediaType: image, config, layers: [] }
  manifest = new TextEncoder().encode(JSON.stringify(document))
})

describe('what is in memory', () => {
  const reads = [
    ['GET', 'manifests/latest', 200],
    ['HEAD', 'manifests/latest', 200],
    ['GET', 'manifests/absent', 404],
    ['HEAD', 'blobs/$digest', 200],
  ] as const

  test.each(reads)('answers %s of %s at once', async (method, path, status) => {
    const registry = await filled()
    const url = `${base}/${path.replace('$digest', digest)}`
    const answer = registry.fetch(new Request(url, { method }))
    expect(answer).toBeInstanceOf(Response)
    expect((await answer).status).toBe(status)
    if (method === 'GET' && status === 200) {
      expect(new Uint8Array(await (await answer).arrayBuffer())).toEqual(manifest)
    }
  })

  test.each(reads)(
    'answers %s of %s through a wrapper that waits',
    async (method, path, status) => {
      const registry = await filled({
        wrap: (service) => ({
          ...service,
          getManifest: async (...given) => await service.getManifest(...given),
          statManifest: async (...given) => await service.statManifest(...given),
          statBlob: async (...given) => await service.statBlob(...given),
        }),
      })
      const url = `${base}/${path.replace('$digest', digest)}`
      const answer = registry.fetch(new Request(url, { method }))
      expect(answer).toBeInstanceOf(Promise)
      expect((await answer).status).toBe(status)
    },
  )

  test('is a promise for whoever calls the service', async () => {
    const { service } = await filled()
    const call = callContext()
    const repository = repositoryName('team/app')
    const tag = { kind: 'tag', tag: tagName('latest') } as const
    expect(service.getManifest(call, repository, tag)).toBeInstanceOf(Promise)
    expect((await service.getManifest(call, repository, tag))?.bytes).toEqual(manifest)
    expect((await service.statManifest(call, repository, tag))?.size).toBe(manifest.byteLength)
  })
})

describe('a promise of a value that is there', () => {
  test('is used at once', () => {
    expect(whenSettled(settled(null), (value) => value === null)).toBe(true)
    const one = { one: 1 }
    expect(whenSettled(settled(one), (value) => value)).toBe(one)
  })

  test('is a promise like any other', async () => {
    const one = { one: 1 }
    expect(await settled(one)).toBe(one)
    expect(await settled(Promise.resolve(one))).toBe(one)
    expect(await settled(settled(one)).then((value) => value.one)).toBe(1)
  })

  test('is told from one that has to be waited for, or that fails', async () => {
    const used = whenSettled(Promise.resolve({ one: 1 }), (value) => value.one)
    expect(used).toBeInstanceOf(Promise)
    expect(await used).toBe(1)
    const failing = whenSettled(Promise.reject<null>(new Error('away')), () => 1)
    await expect(failing).rejects.toThrow('away')
  })
})
