import { artifact, image } from 'layerdock/testing'
import { describe, expect, test } from 'vitest'
import { buildImage, buildIndex } from '../../../src/testing/built-content.ts'
import { digestOfBytes } from '../../../src/testing/samples.ts'
import type { ArtifactAnswer } from '../../../src/ui/artifact/artifact-data.ts'
import { createUi } from '../../../src/ui/index.ts'
import type { ReferrerNode } from '../../../src/ui/referrers/referrers-data.ts'
import { bytesOf, hex, provenance02, spdx, statement } from '../readers/documents.ts'
import { type PageInHand, pageInHand, pushSamples } from './registry.ts'

const tree = async (page: PageInHand, path: string) =>
  (await page.json<ArtifactAnswer>(`repositories/${path}?view=referrers`)).tree

/** Puts a manifest that no builder makes. */
async function put(page: PageInHand, path: string, mediaType: string, document: object) {
  const response = await page.registry.fetch(`/v2/${path}`, {
    method: 'PUT',
    headers: { 'Content-Type': mediaType },
    body: bytesOf(document),
  })
  expect(response.status).toBe(201)
  return response.headers.get('Docker-Content-Digest') ?? ''
}

async function putBlob(page: PageInHand, repository: string, document: object) {
  const bytes = bytesOf(document)
  const digest = await digestOfBytes(bytes)
  const response = await page.registry.fetch(`/v2/${repository}/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: bytes,
  })
  expect(response.status).toBe(201)
  return { digest, size: bytes.byteLength }
}

const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
const ociIndex = 'application/vnd.oci.image.index.v1+json'

describe('what is attached', () => {
  test('to an index and to its platforms is a tree', async () => {
    const page = pageInHand()
    const digests = await pushSamples(page)
    expect(await tree(page, 'team/app:v1')).toMatchObject({
      tag: 'v1',
      isCut: false,
      subjects: [
        {
          digest: digests['team/app:v1'],
          platform: null,
          referrers: [
            {
              digest: digests.sbom,
              kind: 'sbom',
              by: 'subject',
              artifactType: 'application/spdx+json',
              createdAt: Date.parse('2026-05-02T10:00:00Z'),
              documents: [{ sbom: { licences: { count: 2 } } }],
              referrers: [{ digest: digests.signature, kind: 'signature', referrers: [] }],
            },
          ],
        },
        {
          digest: digests['team/app:amd'],
          platform: { name: 'linux/amd64' },
          referrers: [{ kind: 'attestation', documents: [{ provenance: { materials: 2 } }] }],
        },
      ],
    })
    const html = await page.html('repositories/team/app:v1?view=referrers')
    for (const part of ['SPDX 2.3', '4 packages', '2 licences', 'syft-1.4.1', 'buildkit@v1']) {
      expect(html).toContain(part)
    }
  })

  test('by the name of a tag, and by a list under a tag, is there too', async () => {
    const page = pageInHand()
    const { 'app:v1': digest = '' } = await page.push({ 'app:v1': image({ layers: ['a'] }) })
    const config = await putBlob(page, 'app', {})
    const signed = { 'docker-manifest-digest': digest }
    const payload = await putBlob(page, 'app', { critical: { image: signed } })
    const name = `app/manifests/sha256-${digest.slice(7)}`
    const layer = { ...payload, mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json' }
    const manifest = {
      schemaVersion: 2,
      mediaType: ociManifest,
      config: { ...config, mediaType: 'application/vnd.oci.image.config.v1+json' },
      layers: [layer],
    }
    const signature = await put(page, `${name}.sig`, ociManifest, manifest)
    const other = await put(page, 'app/manifests/other', ociManifest, { ...manifest, layers: [] })
    const listed = { mediaType: ociManifest, digest: other, size: 5 }
    const list = { schemaVersion: 2, mediaType: ociIndex, manifests: [listed] }
    await put(page, name, ociIndex, list)
    const found = await tree(page, 'app:v1')
    expect(found?.subjects[0]?.referrers).toMatchObject([
      { digest: signature, kind: 'signature', by: 'tag', isAboutSubject: true },

      { digest: other, by: 'tag', isAboutSubject: null },
    ])
    const tagged = await page.json<ArtifactAnswer>(`repositories/app:sha256-${digest.slice(7)}.sig`)
    expect(tagged).toMatchObject({ kind: 'signature', attachedTo: digest })
  })

  test('by BuildKit in the same index stands with its platform', async () => {
    const page = pageInHand()
    await page.push({ 'app:amd': image({ layers: ['a'] }) })
    const amd = await buildImage({ layers: ['a'] })
    const layers = [
      {
        content: JSON.stringify(statement('https://spdx.dev/Document', spdx)),
        mediaType: 'application/vnd.in-toto+json',
      },
      { content: JSON.stringify(provenance02), mediaType: 'application/vnd.in-toto+json' },
    ]
    await page.push({ 'app:statements': image({ layers }) })
    const statements = await buildImage({ layers })
    const index = await buildIndex([['linux/amd64', amd]], undefined)
    const document = JSON.parse(new TextDecoder().decode(index.bytes))
    document.manifests.push({
      ...statements.descriptor,
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': amd.descriptor.digest,
      },
    })
    await put(page, 'app/manifests/v1', ociIndex, document)
    expect((await tree(page, 'app:v1'))?.subjects).toMatchObject([
      {
        platform: { name: 'linux/amd64' },
        referrers: [
          {
            by: 'index',
            kind: 'attestation',
            // The sample is about another digest.
            isAboutSubject: false,
            documents: [
              { subjects: { items: [`sha256:${hex}`] }, sbom: { format: 'SPDX' } },
              { provenance: { buildType: 'https://mobyproject.org/buildkit@v1' } },
            ],
          },
        ],
      },
    ])
    const data = await page.json<ArtifactAnswer>('repositories/app:v1')
    expect(data.platforms?.items).toMatchObject([
      { platform: { name: 'linux/amd64' }, attests: null },
      { platform: null, attests: amd.descriptor.digest },
    ])
    expect(await page.html('repositories/app:v1')).toContain('Attestation for linux/amd64')
  })

  test('in much and deep is followed so far', async () => {
    const page = pageInHand()
    const names = Array.from({ length: 8 }, (_, at) => `deep-${at}`)
    const chain = names.map((name, at) => [
      name,
      artifact({
        type: 'application/vnd.acme.a',
        subject: at === 0 ? 'app:v1' : (names[at - 1] ?? ''),
      }),
    ])
    const wide = Array.from({ length: 120 }, (_, at) => [
      `wide-${at}`,
      artifact({ type: 'application/vnd.acme.b', subject: 'app:v2', annotations: { at: `${at}` } }),
    ])
    await page.push({
      'app:v1': image({ layers: ['a'] }),
      'app:v2': image({ layers: ['b'] }),
      ...Object.fromEntries([...chain, ...wide]),
    })
    const deep = await tree(page, 'app:v1')
    expect(deep?.isCut).toBe(true)
    let depth = 0
    for (let nodes = deep?.subjects[0]?.referrers; nodes?.length; depth += 1) {
      nodes = (nodes as readonly ReferrerNode[])[0]?.referrers
    }
    expect(depth).toBe(4)
    const broad = await tree(page, 'app:v2')
    expect(broad?.isCut).toBe(true)
    expect(broad?.subjects[0]?.referrers).toHaveLength(100)
    expect(await page.html('repositories/app:v2?view=referrers')).toContain('Not all are shown.')
  })

  test('to a manifest that an index names many times is looked for once', async () => {
    const page = pageInHand()
    const digests = await page.push({
      'app:v1': image({ layers: ['a'] }),
      sbom: artifact({ type: 'application/vnd.acme.a', subject: 'app:v1' }),
    })
    const found = await page.registry.fetch('/v2/app/manifests/v1')
    const size = (await found.arrayBuffer()).byteLength
    const named = { mediaType: ociManifest, digest: digests['app:v1'], size }
    const about = { 'vnd.docker.reference.digest': digests['app:v1'] }
    const manifests = [
      ...Array.from({ length: 50 }, () => ({
        ...named,
        platform: { os: 'linux', architecture: 'amd64' },
      })),
      ...Array.from({ length: 50 }, () => ({ ...named, annotations: about })),
    ]
    await put(page, 'app/manifests/many', ociIndex, {
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests,
    })
    let asked = 0
    const service = new Proxy(page.registry.service, {
      get(target, name): unknown {
        if (name === 'listReferrers' || name === 'statManifest') asked += 1
        return Reflect.get(target, name)
      },
    })
    const ui = createUi({ ...page.registry, service })
    const answer = await ui.fetch(
      new Request('http://r.test/_layerdock/repositories/app:many?view=referrers', {
        headers: { Accept: 'application/json' },
      }),
    )
    const { tree: shown } = (await answer.json()) as ArtifactAnswer
    expect(shown?.subjects.map(({ referrers }) => referrers.length)).toEqual([1])
    expect(asked).toBeLessThan(100)
  })

  test('may be nothing', async () => {
    const page = pageInHand()
    await page.push({ 'app:v1': image({ layers: ['a'] }) })
    expect((await tree(page, 'app:v1'))?.subjects).toEqual([])
    expect(await page.html('repositories/app:v1?view=referrers')).toContain(
      'Nothing refers to this',
    )
  })
})
