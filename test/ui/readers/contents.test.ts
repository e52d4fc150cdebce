import { describe, expect, test } from 'vitest'
import { buildArtifact, buildImage, buildIndex } from '../../../src/testing/built-content.ts'
import { sampleDigest } from '../../../src/testing/samples.ts'
import { readChart } from '../../../src/ui/readers/chart.ts'
import { layersOfHistory, readImageConfig } from '../../../src/ui/readers/image-config.ts'
import {
  attachedTag,
  kindOf,
  kindOfPredicate,
  tagsAttachedTo,
} from '../../../src/ui/readers/kinds.ts'
import { entryOf, readManifestDetails } from '../../../src/ui/readers/manifest-details.ts'
import { readSignature, signatureLayer } from '../../../src/ui/readers/signature.ts'
import { bytesOf, hex } from './documents.ts'

const image = 'application/vnd.oci.image.manifest.v1+json'
const digest = `sha256:${hex}`

describe('a manifest', () => {
  test('of an image says its config, layers and annotations', async () => {
    const annotations = { 'org.opencontainers.image.title': 'base.tar' }
    const layers = ['one', { content: 'two', annotations }]
    const built = await buildImage({ layers, annotations: { __proto__x: 'a', b: '' } })
    const details = readManifestDetails(built.bytes)
    const [config, first, second] = built.blobs.map(({ descriptor }) => descriptor)
    const none = { artifactType: null, platform: null, elsewhere: false }
    const plain = { annotations: { items: [], count: 0 }, ...none }
    expect(details).toEqual({
      mediaType: image,
      artifactType: null,
      config: { ...config, ...plain },
      layers: {
        items: [
          { ...first, ...plain },
          { ...second, ...none, annotations: { items: Object.entries(annotations), count: 1 } },
        ],
        count: 2,
      },
      manifests: { items: [], count: 0 },
      subject: null,
      annotations: {
        items: [
          ['__proto__x', 'a'],
          ['b', ''],
        ],
        count: 2,
      },
    })
  })

  test('of an index says its platforms', async () => {
    const arm = await buildImage({ layers: ['arm'] })
    const built = await buildIndex([['linux/arm64/v8', arm]], undefined)
    const details = readManifestDetails(built.bytes)
    expect(details?.manifests.items[0]).toMatchObject({
      digest: arm.descriptor.digest,
      platform: { name: 'linux/arm64/v8' },
    })
    expect(kindOf('application/vnd.oci.image.index.v1+json', details as never)).toBe('index')
  })

  test('says of what clients fetch from somewhere else that it is not here', () => {
    const urls = ['https://windows.example/base']
    const [one, two] = [
      { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: 1, urls },
      { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', digest, size: -1 },
    ]
    const details = readManifestDetails(bytesOf({ layers: [one, two, 'three'] }))
    expect(details?.layers.count).toBe(3)
    expect(details?.layers.items).toMatchObject([
      { elsewhere: true, size: 1 },
      { elsewhere: true, size: 0 },
    ])
  })

  test('of a thousand layers and more names a thousand', () => {
    const layers = Array.from({ length: 3000 }, (_, at) => ({
      digest: sampleDigest(at),
      size: at,
      annotations: Object.fromEntries(Array.from({ length: 30 }, (_, key) => [`k${key}`, 'a'])),
    }))
    const details = readManifestDetails(bytesOf({ layers }))
    expect(details?.layers.items).toHaveLength(1000)
    expect(details?.layers.count).toBe(3000)
    expect(details?.layers.items[0]?.annotations.items).toHaveLength(20)
  })
})

describe('the config of an image', () => {
  const config = {
    created: '2026-05-01T10:00:00.123456789Z',
    author: 'Ada',
    architecture: 'arm64',
    os: 'linux',
    variant: 'v8',
    config: {
      User: '1000:1000',
      ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
      Env: ['PATH=/usr/bin', 'EMPTY='],
      Entrypoint: ['/entry.sh'],
      Cmd: ['nginx', '-g', 'daemon off;'],
      Volumes: { '/data': {} },
      WorkingDir: '/srv',
      Labels: { maintainer: 'Ada', __proto__: 'x' },
      StopSignal: 'SIGQUIT',
      Healthcheck: { Test: ['CMD', 'true'], Interval: 30_000_000_000 },
    },
    rootfs: { type: 'layers', diff_ids: [digest, digest] },
    history: [
      { created: '1970-01-01T00:00:00Z', created_by: '/bin/sh -c #(nop) ADD file:1 in /' },
      { created: '0001-01-01T00:00:00Z', created_by: 'ENV A=1', empty_layer: true },
      { created_by: 'RUN make', comment: 'buildkit.dockerfile.v0' },
    ],
  }

  test('says how it is run, and what it was made of', () => {
    expect(readImageConfig(bytesOf(config))).toEqual({
      platform: { name: 'linux/arm64/v8' },
      createdAt: Date.parse('2026-05-01T10:00:00.123Z'),
      author: 'Ada',
      user: '1000:1000',
      workingDirectory: '/srv',
      stopSignal: 'SIGQUIT',
      entrypoint: { items: ['/entry.sh'], count: 1 },
      command: { items: ['nginx', '-g', 'daemon off;'], count: 3 },
      environment: { items: ['PATH=/usr/bin', 'EMPTY='], count: 2 },
      ports: { items: ['80/tcp', '443/tcp'], count: 2 },
      volumes: { items: ['/data'], count: 1 },
      labels: { items: [['maintainer', 'Ada']], count: 1 },
      healthcheck: { items: ['CMD', 'true'], count: 2 },
      history: {
        items: [
          {
            createdBy: '/bin/sh -c #(nop) ADD file:1 in /',
            createdAt: null,
            comment: null,
            isEmpty: false,
          },
          { createdBy: 'ENV A=1', createdAt: null, comment: null, isEmpty: true },
          {
            createdBy: 'RUN make',
            createdAt: null,
            comment: 'buildkit.dockerfile.v0',
            isEmpty: false,
          },
        ],
        count: 3,
      },
      layers: 2,
    })
  })

  test('matches steps with layers where both fit together', () => {
    const steps = config.history.map(({ empty_layer }) => ({ isEmpty: empty_layer === true }))
    expect(layersOfHistory(steps, 2)).toEqual([0, null, 1])
    expect(layersOfHistory(steps, 3)).toEqual([null, null, null])
  })

  test('may say nothing', () => {
    expect(readImageConfig(bytesOf({}))).toMatchObject({
      platform: null,
      createdAt: null,
      layers: 0,
    })
    expect(readImageConfig(bytesOf('"a"'))).toBeNull()
    expect(readImageConfig(bytesOf({ config: null, history: 'none', rootfs: [] }))).not.toBeNull()
  })
})

describe('the config of a chart', () => {
  test('says what its Chart.yaml says', () => {
    const chart = {
      name: 'nginx',
      version: '1.2.3+build.4',
      appVersion: '1.27',
      description: 'A web server',
      apiVersion: 'v2',
      type: 'application',
      home: 'https://nginx.org',
      sources: ['https://github.com/nginx/nginx'],
      keywords: ['web'],
      maintainers: [{ name: 'Ada', email: 'ada@example.org' }],
      dependencies: [{ name: 'common', version: '2.x.x', repository: 'oci://charts.example' }],
      annotations: { category: 'web' },
    }
    expect(readChart(bytesOf(chart))).toMatchObject({
      ...chart,
      kubeVersion: null,
      isDeprecated: false,
      sources: { items: chart.sources, count: 1 },
      keywords: { items: ['web'], count: 1 },
      maintainers: { items: [{ name: 'Ada', email: 'ada@example.org', url: null }], count: 1 },
      dependencies: {
        items: [
          { name: 'common', version: '2.x.x', repository: 'oci://charts.example', condition: null },
        ],
        count: 1,
      },
      annotations: { items: [['category', 'web']], count: 1 },
    })
    expect(readChart(bytesOf([]))).toBeNull()
  })
})

describe('the kind of an artifact', () => {
  const kinds = async (type: string) => {
    const built = await buildArtifact({ type }, null)
    return kindOf(image, readManifestDetails(built.bytes) as never)
  }

  test.each([
    ['application/vnd.cncf.notary.signature', 'signature'],
    ['application/vnd.dev.sigstore.bundle.v0.3+json', 'signature'],
    ['application/spdx+json', 'sbom'],
    ['application/vnd.cyclonedx+json', 'sbom'],
    ['application/vnd.in-toto+json', 'attestation'],
    ['application/vnd.wasm.config.v0+json', 'wasm'],
    ['application/vnd.cncf.flux.config.v1+json', 'flux'],
    ['application/vnd.cncf.argoproj.argocd.content.v1', 'argo'],
    ['application/vnd.acme.anything', 'artifact'],
  ])('%s is %s', async (type, kind) => {
    expect(await kinds(type)).toBe(kind)
  })

  test.each([
    [
      'application/vnd.oci.image.config.v1+json',
      'application/vnd.oci.image.layer.v1.tar+gzip',
      'image',
    ],
    [
      'application/vnd.docker.container.image.v1+json',
      'application/vnd.docker.image.rootfs.diff.tar.gzip',
      'image',
    ],
    [
      'application/vnd.cncf.helm.config.v1+json',
      'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
      'chart',
    ],
    [
      'application/vnd.oci.image.config.v1+json',
      'application/vnd.dev.cosign.simplesigning.v1+json',
      'signature',
    ],
    [
      'application/vnd.oci.image.config.v1+json',
      'application/vnd.dsse.envelope.v1+json',
      'attestation',
    ],
    [
      'application/vnd.oci.image.config.v1+json',
      'application/vnd.wasm.content.layer.v1+wasm',
      'wasm',
    ],
  ])('a config %s with a layer %s is %s', (config, layer, kind) => {
    const details = readManifestDetails(
      bytesOf({ config: { mediaType: config }, layers: [{ mediaType: layer }] }),
    )
    expect(kindOf(image, details as never)).toBe(kind)
  })

  test('of statements is that of their predicates', () => {
    const statements = (...types: string[]) => {
      const layers = types.map((type) => ({
        mediaType: 'application/vnd.in-toto+json',
        annotations: { 'in-toto.io/predicate-type': type },
      }))
      return kindOf(image, readManifestDetails(bytesOf({ config: {}, layers })) as never)
    }
    const slsa = 'https://slsa.dev/provenance/v1'
    expect(statements('https://spdx.dev/Document')).toBe('sbom')
    expect(statements('https://spdx.dev/Document', slsa)).toBe('attestation')
    expect(statements(slsa)).toBe('attestation')
    expect(kindOfPredicate('https://cyclonedx.org/bom/v1.6')).toBe('sbom')
  })

  test('and its subject may be the name of a tag', () => {
    const subject = sampleDigest(1)
    const tags = tagsAttachedTo(subject)
    expect(tags.map((tag) => attachedTag(tag))).toEqual([
      { subject, kind: 'signature' },
      { subject, kind: 'attestation' },
      { subject, kind: 'sbom' },
      { subject, kind: null },
    ])
    for (const tag of ['latest', 'sha256-abc.sig', `sha256-${hex}.asc`, `sha256-${hex}0`]) {
      expect(attachedTag(tag)).toBeNull()
    }
  })
})

describe('a signature', () => {
  const read = (mediaType: string, document: unknown, annotations: object = {}) => {
    const details = readManifestDetails(bytesOf({ layers: [{ mediaType, digest, annotations }] }))
    const layer = details && signatureLayer(details)
    return layer && readSignature(layer, bytesOf(document))
  }

  test('of cosign says what it signs', () => {
    const payload = {
      critical: {
        identity: { 'docker-reference': 'registry.example/app' },
        image: { 'docker-manifest-digest': digest },
        type: 'cosign container image signature',
      },
      optional: null,
    }
    const type = 'application/vnd.dev.cosign.simplesigning.v1+json'
    const facts = {
      format: 'cosign',
      signs: digest,
      reference: 'registry.example/app',
      signedAt: null,
    }
    expect(read(type, payload)).toEqual({ ...facts, hasCertificate: false, isLogged: false })
    const annotations = {
      'dev.sigstore.cosign/certificate': '-----BEGIN CERTIFICATE-----',
      'dev.sigstore.cosign/bundle': '{}',
    }
    expect(read(type, payload, annotations)).toEqual({
      ...facts,
      hasCertificate: true,
      isLogged: true,
    })
    expect(read(type, {})).toBeNull()
  })

  test('in a bundle of Sigstore says what it signs', () => {
    const raw = String.fromCharCode(...Array.from({ length: 32 }, () => 0xaa))
    const bundle = {
      verificationMaterial: { certificate: { rawBytes: 'MIIC' }, tlogEntries: [{ logIndex: '1' }] },
      messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest: btoa(raw) } },
    }
    expect(read('application/vnd.dev.sigstore.bundle.v0.3+json', bundle)).toMatchObject({
      format: 'sigstore',
      signs: `sha256:${'aa'.repeat(32)}`,
      hasCertificate: true,
      isLogged: true,
    })
  })

  test('of notation says when it was made, and what it signs', () => {
    const url = (value: object) =>
      btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    const jws = {
      payload: url({ targetArtifact: { digest, mediaType: image, size: 1 } }),
      protected: url({ alg: 'PS256', 'io.cncf.notary.signingTime': '2026-05-01T10:00:00Z' }),
      header: { x5c: ['MIIC', 'MIIC'] },
    }
    expect(read('application/jose+json', jws)).toMatchObject({
      format: 'notation',
      signs: digest,
      signedAt: Date.parse('2026-05-01T10:00:00Z'),
      hasCertificate: true,
    })
    expect(read('application/cose', jws)).toBeNull()
  })
})

test('an annotation is found by its name', () => {
  expect(entryOf({ items: [['a', '']], count: 1 }, 'a')).toBe('')
  expect(entryOf({ items: [], count: 0 }, 'a')).toBeNull()
})
