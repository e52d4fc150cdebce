import { mediaTypes } from '../../index.ts'
import { type Blob, type Built, buildImage, buildIndex } from '../built-content.ts'
import { equals } from '../contract.ts'
import { digestOfBytes, sampleDigest } from '../samples.ts'
import { place } from './contract-client.ts'
import { type RegistryCase, registryCase } from './registry-case.ts'

/** The same manifest, written another way and with another type. */
async function rewritten(built: Built, text: string, mediaType: string): Promise<Built> {
  const bytes = new TextEncoder().encode(text)
  const digest = await digestOfBytes(bytes)
  const descriptor: Blob['descriptor'] = { mediaType, digest, size: bytes.byteLength }
  return { ...built, bytes, descriptor }
}

/** Manifests and indexes, by tag and by digest. */
export const manifestCases: readonly RegistryCase[] = [
  registryCase('an image is pushed by tag, and pulled by tag and by digest', async (client) => {
    const built = await buildImage({ layers: ['one', 'two'] })
    const { digest, mediaType } = built.descriptor
    await client.pushParts(client.here, built)
    const pushed = await client.pushManifest(client.here, 'v1', built)
    equals(pushed.headers.get('docker-content-digest'), digest, 'the digest that was said')
    equals((await client.expect(200, 'GET', place(pushed))).bytes, built.bytes, 'at its Location')
    for (const reference of ['v1', digest]) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await client.expect(200, method, `${client.here}/manifests/${reference}`)
        const expected = method === 'GET' ? built.bytes : new Uint8Array(0)
        equals(answer.bytes, expected, `${method} ${reference}`)
        equals(answer.headers.get('content-type'), mediaType, `the type of ${method} ${reference}`)
        equals(answer.headers.get('docker-content-digest'), digest, 'the digest')
        equals(answer.headers.get('content-length'), `${built.bytes.byteLength}`, 'the length')
      }
    }
  }),

  registryCase('a manifest comes back to the byte', async (client) => {
    const built = await buildImage({ layers: ['one'], annotations: { 'a.b': 'ä' } })
    await client.pushParts(client.here, built)
    const text = new TextDecoder().decode(built.bytes)
    const spaced = `\n ${text.replaceAll(',', ',\t').slice(0, -1)} ,"extra":{"__proto__":1}}\n\n`
    const odd = await rewritten(built, spaced, built.descriptor.mediaType)
    await client.pushManifest(client.here, 'odd', odd)
    const pulled = await client.expect(200, 'GET', `${client.here}/manifests/odd`)
    equals(pulled.bytes, odd.bytes, 'the bytes')
  }),

  registryCase("Docker's own types are kept", async (client) => {
    const built = await buildImage({ layers: ['one'] })
    await client.pushParts(client.here, built)
    const type = mediaTypes.dockerManifest
    const fields = JSON.parse(new TextDecoder().decode(built.bytes)) as object
    const docker = await rewritten(built, JSON.stringify({ ...fields, mediaType: type }), type)
    await client.pushManifest(client.here, 'docker', docker)
    const pulled = await client.expect(200, 'GET', `${client.here}/manifests/docker`)
    equals(pulled.headers.get('content-type'), type, 'the type')
    equals(pulled.bytes, docker.bytes, 'the bytes')
  }),

  registryCase('a manifest is pushed by digest, and by its own alone', async (client) => {
    const built = await buildImage({ layers: ['one'] })
    await client.pushWhole(client.here, built)
    const path = `${client.here}/manifests/${built.descriptor.digest}`
    equals((await client.expect(200, 'GET', path)).bytes, built.bytes, 'the bytes')
    const wrong = `${client.here}/manifests/${sampleDigest(1)}`
    const headers = { 'Content-Type': built.descriptor.mediaType }
    const sent = { headers, body: built.bytes }
    await client.refused(400, 'DIGEST_INVALID', 'PUT', wrong, sent)
    await client.expect(404, 'HEAD', wrong)
  }),

  registryCase('a manifest is pushed by digest and tagged in one step', async (client) => {
    const built = await buildImage({ layers: ['one'] })
    await client.pushParts(client.here, built)
    const { digest } = built.descriptor
    const pushed = await client.pushManifest(client.here, `${digest}?tag=a&tag=b.1`, built)
    equals(pushed.headers.get('oci-tag'), 'a, b.1', 'the tags that were said')
    for (const tag of ['a', 'b.1']) {
      const head = await client.expect(200, 'HEAD', `${client.here}/manifests/${tag}`)
      equals(head.headers.get('docker-content-digest'), digest, `the tag ${tag}`)
    }
  }),

  registryCase('a tag moves, and the manifest it left stays', async (client) => {
    const first = await client.pushImage(client.here, 'latest', 'one')
    const second = await client.pushImage(client.here, 'latest', 'two')
    const path = `${client.here}/manifests`
    equals((await client.expect(200, 'GET', `${path}/latest`)).bytes, second.bytes, 'the tag')
    const left = await client.expect(200, 'GET', `${path}/${first.descriptor.digest}`)
    equals(left.bytes, first.bytes, 'the manifest')
  }),

  registryCase('a tag moves only as the client expects', async (client) => {
    const first = await client.pushImage(client.here, 'latest', 'one')
    const next = await buildImage({ layers: ['two'] })
    await client.pushParts(client.here, next)
    const path = `${client.here}/manifests/latest`
    const type = { 'Content-Type': next.descriptor.mediaType }
    const body = next.bytes
    await client.expect(412, 'PUT', path, { headers: { ...type, 'If-None-Match': '*' }, body })
    const other = { ...type, 'If-Match': `"${next.descriptor.digest}"` }
    await client.expect(412, 'PUT', path, { headers: other, body })
    equals((await client.expect(200, 'GET', path)).bytes, first.bytes, 'the tag that stayed')
    const right = { ...type, 'If-Match': `"${first.descriptor.digest}"` }
    await client.expect(201, 'PUT', path, { headers: right, body })
    equals((await client.expect(200, 'GET', path)).bytes, next.bytes, 'the tag that moved')
  }),

  registryCase('a manifest whose content is not all there is refused', async (client) => {
    const built = await buildImage({ layers: ['one', 'two'] })
    const [config, ...layers] = built.blobs
    for (const blob of [config, layers[0]]) {
      if (blob !== undefined) await client.pushBlob(client.here, blob.bytes)
    }
    // What another repository has is not here.
    await client.pushParts(client.there, built)
    const headers = { 'Content-Type': built.descriptor.mediaType }
    const path = `${client.here}/manifests/v1`
    const sent = { headers, body: built.bytes }
    await client.refused(400, 'MANIFEST_BLOB_UNKNOWN', 'PUT', path, sent)
    await client.expect(404, 'HEAD', path)
    await client.expect(404, 'HEAD', `${client.here}/manifests/${built.descriptor.digest}`)
  }),

  registryCase('an index holds manifests, and is refused without them', async (client) => {
    const [arm, amd] = await Promise.all(
      ['arm', 'amd'].map((text) => buildImage({ layers: [text] })),
    )
    if (arm === undefined || amd === undefined) throw new Error('there are two')
    const index = await buildIndex(
      [
        ['linux/arm64', arm],
        ['linux/amd64', amd],
      ],
      undefined,
    )
    await client.pushWhole(client.here, arm)
    const path = `${client.here}/manifests/latest`
    const sent = { headers: { 'Content-Type': mediaTypes.ociIndex }, body: index.bytes }
    await client.refused(400, 'MANIFEST_BLOB_UNKNOWN', 'PUT', path, sent)
    await client.pushWhole(client.here, amd)
    await client.expect(201, 'PUT', path, sent)
    const pulled = await client.expect(200, 'GET', path)
    equals(pulled.bytes, index.bytes, 'the bytes')
    equals(pulled.headers.get('content-type'), mediaTypes.ociIndex, 'the type')
  }),

  registryCase('what is no manifest is refused', async (client) => {
    const path = `${client.here}/manifests/v1`
    const headers = { 'Content-Type': mediaTypes.ociManifest }
    for (const body of ['', '{', 'null', '[]', '{"schemaVersion":2}', '\u0000']) {
      await client.refused(400, 'MANIFEST_INVALID', 'PUT', path, { headers, body })
    }
    await client.expect(404, 'HEAD', path)
  }),
]
