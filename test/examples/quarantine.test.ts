import { beforeEach, expect, test } from 'vitest'
import { createRegistry } from '../../src/index.ts'
import {
  type Client,
  clientOf,
  descriptorOf,
  expectError,
  ociConfig,
  ociIndex,
  ociManifest,
} from '../http/client.ts'

process.env.SIGNER_TOKEN = 'secret'
const { quarantine, registry } = await import('../../examples/quarantine.ts')

const cosign = 'application/vnd.dev.cosign.simplesigning.v1+json'
const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json'

let client: Client
let digest: string
let text: string

beforeEach(async () => {
  client = clientOf(createRegistry({ wrap: (service) => quarantine(service, () => false) }))
  ;({ digest, text } = await client.pushImage('app', 'v1'))
  await client.pushBlob('app', 'signature')
})

const signature = (layerType: string, more: object = {}): object => ({
  schemaVersion: 2,
  mediaType: ociManifest,
  config: descriptorOf('{}', ociConfig),
  layers: [descriptorOf('signature', layerType)],
  ...more,
})

const subject = (): object => ({ subject: { mediaType: ociManifest, digest, size: text.length } })

const statuses = (references: readonly string[]): Promise<number[]> =>
  Promise.all(
    references.flatMap((reference) =>
      ['GET', 'HEAD'].map(
        async (method) => (await client.send(method, `/v2/app/manifests/${reference}`)).status,
      ),
    ),
  )

test('examples/quarantine.ts: an unsigned image is for those who sign it', async () => {
  const anybody = clientOf(registry)
  const { digest } = await anybody.pushImage('app', 'v1')
  const refused = await anybody.send('GET', '/v2/app/manifests/v1')
  const [error] = await expectError(refused, 403, 'DENIED')
  expect(error?.message).toContain(`${digest} waits for its signature`)
  const signer = clientOf(registry, { Authorization: 'Bearer secret' })
  expect((await signer.send('GET', '/v2/app/manifests/v1')).status).toBe(200)
})

test('an image is served once cosign has put its signature under a tag', async () => {
  expect(await statuses(['v1', digest])).toEqual([403, 403, 403, 403])
  const tag = `${digest.replace(':', '-')}.sig`
  await client.pushManifest('app', tag, signature(cosign))
  expect(await statuses(['v1', digest, tag])).toEqual([200, 200, 200, 200, 200, 200])
})

test('an image is served once a signature refers to it', async () => {
  const more = { artifactType: bundle, ...subject() }
  const signed = await client.pushManifest('app', 'signature', signature(bundle, more))
  expect(await statuses(['v1', signed])).toEqual([200, 200, 200, 200])
})

test('what refers to it and is no signature frees nothing, itself included', async () => {
  const sbom = { artifactType: 'application/spdx+json', ...subject() }
  const one = await client.pushManifest('app', 'sbom', signature('application/spdx+json', sbom))
  expect(await statuses(['v1', one])).toEqual([403, 403, 403, 403])
  const index = { schemaVersion: 2, mediaType: ociIndex, artifactType: bundle, manifests: [] }
  await client.pushManifest('app', 'index', index, ociIndex)
  expect(await statuses(['index'])).toEqual([403, 403])
})
