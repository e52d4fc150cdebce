import { describe, expect, it } from 'vitest'
import { createRegistry, mediaTypes } from '../../src/index.ts'
import { type Client, clientOf, codesOf, type Described, imageOf, jsonBytes } from './client.ts'

/** GHSA-qq97-vm5h-rrhg: a document that is an image to one reader and an index to another. */

const { ociManifest, ociIndex, dockerManifest, dockerManifestList } = mediaTypes

/** Documents that two readers could read differently, with an existing config. */
function ambiguous(
  config: Described,
): ReadonlyArray<readonly [what: string, type: string | null, body: string]> {
  const image = imageOf(config)
  const index = { schemaVersion: 2, mediaType: ociIndex, manifests: [] }
  const text = (value: unknown): string => JSON.stringify(value)
  const imageText = text(image)
  const layered = text({ ...index, layers: [] })
  return [
    ['layers and manifests, as an image', ociManifest, text({ ...image, manifests: [] })],
    ['layers and manifests, as an index', ociIndex, layered],
    [
      'layers and manifests, without a type',
      null,
      text({ schemaVersion: 2, layers: [], manifests: [] }),
    ],
    ['an index with a config', ociIndex, text({ ...index, config })],
    ['an image pushed as an index', ociIndex, imageText],
    ['an index pushed as an image', ociManifest, text(index)],
    ['an OCI image pushed as Docker’s', dockerManifest, imageText],
    ['an OCI index pushed as Docker’s list', dockerManifestList, text(index)],
    [
      'an index pushed without its own type as an image',
      ociManifest,
      '{"schemaVersion":2,"manifests":[]}',
    ],
    ['mediaType twice', ociManifest, imageText.replace('{', `{"mediaType":"${ociIndex}",`)],
    ['layers twice', ociManifest, imageText.replace('}', '},"layers":[]')],
    ['a key in another case', ociManifest, imageText.replace('{', '{"MediaType":"x/y",')],
    ['manifests in another case', ociManifest, imageText.replace('{', '{"Manifests":[],')],
    ['an escaped key twice', ociManifest, imageText.replace('{', '{"l\\u0061yers":[],')],
    ['mediaType that is a list', ociManifest, text({ ...image, mediaType: [ociManifest] })],
    ['layers that is an object', ociManifest, text({ ...image, layers: {} })],
    ['layers of strings', ociManifest, text({ ...image, layers: [config.digest] })],
    ['config that is a list', ociManifest, text({ ...image, config: [config] })],
    ['config null', ociManifest, text({ ...image, config: null })],
    ['a size that is a string', ociManifest, text(imageOf({ ...config, size: '2' as never }))],
    ['a negative size', ociManifest, text(imageOf({ ...config, size: -1 }))],
    ['a size past what numbers hold', ociManifest, text(imageOf({ ...config, size: 2 ** 53 }))],
    ['a fractional size', ociManifest, text(imageOf({ ...config, size: 2.5 }))],
    ['a digest that is a path', ociManifest, text(imageOf({ ...config, digest: '../../x' }))],
    ['schemaVersion 1', ociManifest, text({ ...image, schemaVersion: 1 })],
    ['schemaVersion as a string', ociManifest, text({ ...image, schemaVersion: '2' })],
    ['annotations of numbers', ociManifest, text({ ...image, annotations: { a: 1 } })],
    ['annotations that are a list', ociManifest, text({ ...image, annotations: ['a'] })],
    ['a subject that is a string', ociManifest, text({ ...image, subject: config.digest })],
    ['a list', ociManifest, `[${imageText}]`],
    ['a string', ociManifest, '"manifest"'],
    ['null', ociManifest, 'null'],
    ['nothing', ociManifest, ''],
    ['two documents', ociManifest, imageText + imageText],
    ['a comment', ociManifest, `/* */${imageText}`],
    ['a byte-order mark', ociManifest, `\ufeff${imageText}`],
    ['a type of another kind of document', 'text/html', imageText],
    ['a type of schema 1', 'application/vnd.docker.distribution.manifest.v1+json', imageText],
    ['two types', `${ociManifest}, ${ociIndex}`, imageText],
    ['an invalid type', 'x', imageText],
  ]
}

const names = ambiguous({ mediaType: 'x/y', digest: 'sha256:0', size: 2 }).map(([what]) => what)

async function put(
  client: Client,
  type: string | null,
  body: string | Uint8Array,
): Promise<Response> {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const headers = type === null ? {} : { 'Content-Type': type }
  return client.send('PUT', '/v2/app/manifests/latest', { headers, body: bytes })
}

describe('type confusion (GHSA-qq97-vm5h-rrhg)', () => {
  it.each(names)('refuses %s', async (name) => {
    const client = clientOf(createRegistry())
    const config = await client.pushBlob('app', '{}')
    const [, type = null, body = ''] = ambiguous(config).find(([what]) => what === name) ?? []
    const answer = await put(client, type, body)
    expect(answer.status).toBe(400)
    expect(await codesOf(answer)).toEqual(['MANIFEST_INVALID'])
    expect((await client.send('GET', '/v2/app/manifests/latest')).status).toBe(404)
  })

  it('refuses bytes that are not UTF-8', async () => {
    const client = clientOf(createRegistry())
    const bytes = jsonBytes(imageOf(await client.pushBlob('app', '{}')))
    const broken = bytes.with(bytes.indexOf(0x2f), 0xff)
    expect((await put(client, ociManifest, broken)).status).toBe(400)
  })

  it('serves the bytes and the type as they were pushed', async () => {
    const client = clientOf(createRegistry())
    const config = await client.pushBlob('app', '{}')
    const spaced = ` {"unknown":[1.0, 1e2],\n${JSON.stringify(imageOf(config)).slice(1)} `
    expect((await put(client, `${ociManifest}; charset=utf-8`, spaced)).status).toBe(201)
    const answer = await client.send('GET', '/v2/app/manifests/latest')
    expect(await answer.text()).toBe(spaced)
    expect(answer.headers.get('content-type')).toBe(ociManifest)
  })

  it('serves the pushed type, whatever Accept says', async () => {
    const client = clientOf(createRegistry())
    await client.pushImage('app', 'latest')
    for (const accept of [ociIndex, 'text/html', '*/*', dockerManifest]) {
      const answer = await client.send('GET', '/v2/app/manifests/latest', { headers: { accept } })
      expect(answer.headers.get('content-type')).toBe(ociManifest)
    }
  })
})
