// Fills a registry with what a team would have in one: images for several platforms, signed and described, charts,
// models, and odds and ends.
import { createHash } from 'node:crypto'

/**
 * @typedef {(method: string, path: string, sending: {
 *   headers?: Record<string, string>, body?: Uint8Array }) => Promise<Response>} Send
 * @typedef {(repository: string, descriptor: Descriptor) => Promise<unknown>} Link has a registry know a layer
 * @typedef {{ mediaType: string, digest: string, size: number, annotations?: Record<string, string>,
 *   platform?: object, artifactType?: string }} Descriptor
 * @typedef {{ os: string, architecture: string, variant?: string }} Platform
 */

export const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
}

/** @param {Uint8Array | string} content */
export const digestOf = (content) => `sha256:${createHash('sha256').update(content).digest('hex')}`

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Pushes content to one registry. Layers are named and not pushed: it has to take sparse manifests. */
export class Pusher {
  #send
  #link

  /**
   * @param {Send} send
   * @param {Link} [link]
   */
  constructor(send, link = async () => {}) {
    this.#send = send
    this.#link = link
  }

  /**
   * @param {string} repository
   * @param {readonly Descriptor[]} descriptors
   */
  async layers(repository, descriptors) {
    for (const descriptor of descriptors) await this.#link(repository, descriptor)
  }

  /**
   * @param {string} repository
   * @param {unknown} value a text, or anything that is sent as JSON
   * @param {string} mediaType
   * @returns {Promise<Descriptor>}
   */
  async blob(repository, value, mediaType) {
    const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
    const digest = digestOf(body)
    await this.#expect('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body })
    return { mediaType, digest, size: body.byteLength }
  }

  /**
   * @param {string} repository
   * @param {object} manifest
   * @param {string | null} tag null to push it by its digest
   * @returns {Promise<Descriptor>}
   */
  async manifest(repository, manifest, tag = null) {
    const body = Buffer.from(JSON.stringify(manifest, null, 2))
    const digest = digestOf(body)
    const mediaType = 'manifests' in manifest ? types.index : types.manifest
    const headers = { 'Content-Type': mediaType }
    await this.#expect('PUT', `/v2/${repository}/manifests/${tag ?? digest}`, { headers, body })
    return { mediaType, digest, size: body.byteLength }
  }

  /**
   * An artifact of files, which may refer to another manifest.
   *
   * @param {string} repository
   * @param {{ artifactType: string, files: readonly Descriptor[], subject?: Descriptor, tag?: string | null,
   *   config?: Descriptor, annotations?: Record<string, string> }} artifact
   */
  async artifact(repository, { artifactType, files, subject, tag = null, config, annotations }) {
    await this.layers(repository, files)
    const manifest = {
      schemaVersion: 2,
      mediaType: types.manifest,
      ...(config === undefined ? { artifactType } : {}),
      config: config ?? (await this.blob(repository, '{}', types.empty)),
      layers: files,
      ...(subject === undefined ? {} : { subject }),
      ...(annotations === undefined ? {} : { annotations }),
    }
    return this.manifest(repository, manifest, tag)
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Parameters<Send>[2]} sending
   */
  async #expect(method, path, sending) {
    const response = await this.#send(method, path, sending)
    if (response.status !== 201) {
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    }
    await response.body?.cancel()
  }
}

/** @param {string} name @param {number} megabytes @returns {Descriptor} */
function layer(name, megabytes) {
  return { mediaType: types.layer, digest: digestOf(name), size: Math.round(megabytes * 1e6) + 137 }
}

/**
 * @param {Pusher} pusher
 * @param {string} repository
 * @param {{ name: string, version: string, created: string, platform: Platform, megabytes: number,
 *   annotations?: Record<string, string> }} image
 */
async function pushImage(pusher, repository, image) {
  const { name, version, created, platform, megabytes, annotations } = image
  const key = `${platform.architecture}${platform.variant ?? ''}`
  // A base and its packages change seldom, so versions share them.
  const [major = '0', minor = '0'] = version.replace('v', '').split('.')
  const layers = [
    layer(`debian ${major} ${key}`, 29.1),
    layer(`certificates ${major} ${key}`, 1.3),
    layer(`dependencies ${name} ${major}.${minor} ${key}`, megabytes * 0.55),
    layer(`program ${name} ${version} ${key}`, megabytes * 0.4),
    layer(`assets ${name} ${version}`, megabytes * 0.05),
  ]
  await pusher.layers(repository, layers)
  const config = await pusher.blob(
    repository,
    {
      created,
      ...platform,
      config: {
        User: '65532:65532',
        ExposedPorts: { '8080/tcp': {}, '9090/tcp': {} },
        Env: [
          'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          'NODE_ENV=production',
          `SERVICE_NAME=${name}`,
          `SERVICE_VERSION=${version}`,
        ],
        Entrypoint: ['/usr/bin/tini', '--', `/usr/local/bin/${name}`],
        Cmd: ['serve', '--port=8080'],
        WorkingDir: '/srv',
        StopSignal: 'SIGTERM',
        Labels: {
          'org.opencontainers.image.version': version,
          'org.opencontainers.image.source': `https://github.com/example/${name}`,
          'org.opencontainers.image.licenses': 'Apache-2.0',
          maintainer: 'Platform team <platform@example.com>',
        },
      },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digestOf(digest)) },
      history: [
        {
          created,
          created_by: '/bin/sh -c #(nop) ADD file:a3f1e6 in / ',
          comment: 'debian bookworm-slim',
        },
        {
          created,
          created_by:
            'RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends ca-certificates tini # buildkit',
        },
        { created, created_by: 'WORKDIR /srv', empty_layer: true },
        { created, created_by: 'COPY --from=deps /srv/node_modules ./node_modules # buildkit' },
        { created, created_by: `COPY --from=build /out/${name} /usr/local/bin/${name} # buildkit` },
        { created, created_by: 'COPY assets ./assets # buildkit' },
        { created, created_by: 'USER 65532:65532', empty_layer: true },
        { created, created_by: 'EXPOSE map[8080/tcp:{} 9090/tcp:{}]', empty_layer: true },
        {
          created,
          created_by: `ENTRYPOINT ["/usr/bin/tini" "--" "/usr/local/bin/${name}"]`,
          empty_layer: true,
        },
        { created, created_by: 'CMD ["serve" "--port=8080"]', empty_layer: true },
      ],
    },
    types.config,
  )
  return pusher.manifest(repository, {
    schemaVersion: 2,
    mediaType: types.manifest,
    config,
    layers,
    ...(annotations === undefined ? {} : { annotations }),
  })
}

/** @type {readonly Platform[]} */
const platforms = [
  { os: 'linux', architecture: 'amd64' },
  { os: 'linux', architecture: 'arm64', variant: 'v8' },
  { os: 'linux', architecture: 'arm', variant: 'v7' },
]

/**
 * @param {Pusher} pusher
 * @param {string} repository
 * @param {{ version: string, tags: readonly string[], created: string, megabytes: number, count?: number,
 *   description: string }} release
 */
async function pushRelease(
  pusher,
  repository,
  { version, tags, created, megabytes, count = 3, description },
) {
  const name = repository.split('/').at(-1) ?? repository
  const annotations = {
    'org.opencontainers.image.title': name,
    'org.opencontainers.image.description': description,
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.created': created,
    'org.opencontainers.image.revision': createHash('sha1').update(version).digest('hex'),
    'org.opencontainers.image.source': `https://github.com/example/${name}`,
    'org.opencontainers.image.documentation': `https://docs.example.com/${name}`,
    'org.opencontainers.image.licenses': 'Apache-2.0',
    'org.opencontainers.image.vendor': 'Example Ltd.',
  }
  const manifests = []
  for (const platform of platforms.slice(0, count)) {
    const image = { name, version, created, platform, megabytes, annotations }
    manifests.push({ ...(await pushImage(pusher, repository, image)), platform })
  }
  const index = { schemaVersion: 2, mediaType: types.index, manifests, annotations }
  let pushed = await pusher.manifest(repository, index, tags[0] ?? version)
  for (const tag of tags.slice(1)) pushed = await pusher.manifest(repository, index, tag)
  return pushed
}

/**
 * What a build pushes beside an image: signatures, lists of what is in it, and where it comes from.
 *
 * @param {Pusher} pusher
 * @param {string} repository
 * @param {Descriptor} subject
 */
async function pushReferrers(pusher, repository, subject) {
  const name = repository.split('/').at(-1) ?? repository
  const simple = { critical: { identity: { 'docker-reference': repository }, type: 'cosign' } }
  await pusher.artifact(repository, {
    artifactType: 'application/vnd.dev.cosign.artifact.sig.v1+json',
    subject,
    files: [
      {
        ...(await pusher.blob(
          repository,
          simple,
          'application/vnd.dev.cosign.simplesigning.v1+json',
        )),
        annotations: { 'dev.cosignproject.cosign/signature': 'MEUCIQDx0b3lv9Q4xk2n8m7J' },
      },
    ],
  })
  const packages = [
    'openssl',
    'zlib',
    'fastify',
    'pino',
    'undici',
    'ajv',
    'semver',
    'tini',
    'glibc',
  ]
  const licences = [
    'Apache-2.0',
    'Zlib',
    'MIT',
    'MIT',
    'MIT',
    'MIT',
    'ISC',
    'MIT',
    'LGPL-2.1-or-later',
  ]
  await pusher.artifact(repository, {
    artifactType: 'application/spdx+json',
    subject,
    files: [
      await pusher.blob(
        repository,
        {
          spdxVersion: 'SPDX-2.3',
          dataLicense: 'CC0-1.0',
          SPDXID: 'SPDXRef-DOCUMENT',
          name,
          documentNamespace: `https://example.com/spdx/${name}`,
          creationInfo: { created: '2026-11-27T08:12:00Z', creators: ['Tool: syft-1.41.0'] },
          packages: packages.map((each, index) => ({
            SPDXID: `SPDXRef-${each}`,
            name: each,
            versionInfo: `${index + 1}.${index}.2`,
            downloadLocation: 'NOASSERTION',
            licenseConcluded: licences[index],
            licenseDeclared: licences[index],
          })),
        },
        'application/spdx+json',
      ),
    ],
    annotations: { 'org.opencontainers.image.created': '2026-11-27T08:12:00Z' },
  })
  await pusher.artifact(repository, {
    artifactType: 'application/vnd.cyclonedx+json',
    subject,
    files: [
      await pusher.blob(
        repository,
        {
          bomFormat: 'CycloneDX',
          specVersion: '1.6',
          metadata: { component: { type: 'container', name } },
          components: packages.map((each, index) => ({
            type: 'library',
            name: each,
            version: `${index + 1}.${index}.2`,
            licenses: [{ license: { id: licences[index] } }],
          })),
        },
        'application/vnd.cyclonedx+json',
      ),
    ],
  })
  await pusher.artifact(repository, {
    artifactType: 'application/vnd.in-toto+json',
    subject,
    files: [
      {
        ...(await pusher.blob(
          repository,
          {
            _type: 'https://in-toto.io/Statement/v1',
            subject: [{ name, digest: { sha256: subject.digest.slice(7) } }],
            predicateType: 'https://slsa.dev/provenance/v1',
            predicate: {
              buildDefinition: { buildType: 'https://github.com/Attestations/Workflow' },
            },
          },
          'application/vnd.in-toto+json',
        )),
        annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v1' },
      },
    ],
  })
}

/**
 * @param {Pusher} pusher
 * @param {string} repository
 * @param {string} version
 */
async function pushChart(pusher, repository, version) {
  const name = repository.split('/').at(-1) ?? repository
  const chart = {
    apiVersion: 'v2',
    name,
    version,
    appVersion: '2.4.1',
    kubeVersion: '>=1.29.0-0',
    description: 'The shop with its database and its workers, for any cluster',
    type: 'application',
    home: 'https://shop.example.com',
    sources: ['https://github.com/example/shop'],
    keywords: ['shop', 'checkout', 'payments'],
    maintainers: [{ name: 'Ada Okafor', email: 'ada@example.com' }, { name: 'Platform team' }],
    dependencies: [
      { name: 'postgresql', version: '16.x', repository: 'oci://registry.example.com/charts' },
      { name: 'redis', version: '20.1.3', repository: 'oci://registry.example.com/charts' },
    ],
  }
  await pusher.artifact(repository, {
    artifactType: '',
    config: await pusher.blob(repository, chart, 'application/vnd.cncf.helm.config.v1+json'),
    files: [
      {
        mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
        ...sized(`${name} ${version}`, 0.0412),
      },
    ],
    tag: version,
    annotations: {
      'org.opencontainers.image.title': name,
      'org.opencontainers.image.version': version,
    },
  })
}

/** @param {string} name @param {number} megabytes */
function sized(name, megabytes) {
  const { digest, size } = layer(name, megabytes)
  return { digest, size }
}

/**
 * Fills a registry.
 *
 * @param {Send} send
 * @param {{ at?: (agoMs: number) => void, now?: number, link?: Link }} [deps] `at` sets the registry's clock, where it
 *   has one that can be set; `now` is in milliseconds since the epoch
 */
export async function fillRegistry(send, { at = () => {}, now = Date.now(), link } = {}) {
  const pusher = new Pusher(send, link)
  /** @param {number} ago */
  const created = (ago) => new Date(now - ago).toISOString()

  const api = 'platform/api'
  const description = 'Orders, prices and stock of the shop, over HTTP and gRPC'
  for (let minor = 0; minor <= 12; minor++) {
    const ago = (13 - minor) * 9 * day + 2 * hour
    at(ago)
    const version = `v1.${minor}.${minor % 3}`
    const tags = [version]
    await pushRelease(pusher, api, {
      version,
      tags,
      created: created(ago),
      megabytes: 38 + minor,
      description,
    })
  }
  at(3 * hour)
  const latest = await pushRelease(pusher, api, {
    version: 'v2.0.0',
    tags: ['v2.0.0', 'v2.0', 'v2', 'latest'],
    created: created(3 * hour),
    megabytes: 44,
    description,
  })
  at(2 * hour)
  await pushReferrers(pusher, api, latest)
  at(25 * minute)
  await pushRelease(pusher, api, {
    version: 'main',
    tags: ['main', 'sha-4f2c91e'],
    created: created(25 * minute),
    megabytes: 45,
    count: 1,
    description,
  })

  for (const [repository, megabytes, ago] of /** @type {const} */ ([
    ['platform/web', 61, 5 * hour],
    ['platform/worker', 33, 26 * hour],
    ['platform/mailer', 18, 12 * day],
    ['tools/linter', 74, 40 * day],
    ['tools/release', 22, 90 * day],
    ['gateway', 12, 2 * day],
  ])) {
    for (const patch of [0, 1, 2]) {
      at(ago + (2 - patch) * 6 * day)
      const version = `v3.1.${patch}`
      const tags = patch === 2 ? [version, 'latest'] : [version]
      await pushRelease(pusher, repository, {
        version,
        tags,
        created: created(ago),
        megabytes,
        count: 2,
        description: `The ${repository.split('/').at(-1)} of the shop`,
      })
    }
  }

  for (const [version, ago] of /** @type {const} */ ([
    ['2.3.9', 60 * day],
    ['2.4.0', 21 * day],
    ['2.4.1', 4 * day],
  ])) {
    at(ago)
    await pushChart(pusher, 'charts/shop', version)
  }

  at(8 * day)
  await pusher.artifact('models/reviews', {
    artifactType: 'application/vnd.example.model.v1+json',
    tag: '2026-11',
    files: [
      {
        mediaType: 'application/octet-stream',
        ...sized('weights', 1_340),
        annotations: { 'org.opencontainers.image.title': 'model.safetensors' },
      },
      {
        mediaType: 'application/json',
        ...sized('tokenizer', 2.1),
        annotations: { 'org.opencontainers.image.title': 'tokenizer.json' },
      },
      {
        mediaType: 'text/markdown',
        ...sized('card', 0.0061),
        annotations: { 'org.opencontainers.image.title': 'README.md' },
      },
    ],
    annotations: {
      'org.opencontainers.image.description': 'Says whether a review is friendly',
      'org.opencontainers.image.licenses': 'MIT',
    },
  })
  at(0)
  return { api, latest }
}
