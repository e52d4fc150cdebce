// What the web page is measured with: one repository of many tags, with images, indexes and referrers, and many others.

import { createHash } from 'node:crypto'

/** Tags of one image. */
export const tagsEach = 5
/** Every so many images, one is an index of three platforms, and one has a signature and an SBOM. */
const indexEvery = 20
const referredEvery = 4
/** Referrers of one image. */
const manyReferrers = 1000
const writers = 64

const types = {
  image: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  signature: 'application/vnd.dev.cosign.artifact.sig.v1+json',
  bom: 'application/spdx+json',
}

/**
 * @typedef {{ mediaType: string, digest: string, size: number }} Descriptor
 * @typedef {{ digest: string, tags: readonly string[] }} Pushed
 * @typedef {(request: Request) => Response | Promise<Response>} Fetch
 */

/** The repository of many tags. */
export const large = 'large/app'

const sha256 = (/** @type {string} */ text) =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`

/**
 * @param {string} mediaType
 * @param {string} text
 * @returns {Descriptor}
 */
const descriptorOf = (mediaType, text) => ({
  mediaType,
  digest: sha256(text),
  size: Buffer.byteLength(text),
})

/** Pushes content to one repository. */
class Pusher {
  #fetch
  #repository
  /** What is there or on its way, by digest. @type {Map<string, Promise<void>>} */
  #pushed = new Map()

  /**
   * @param {Fetch} fetch
   * @param {string} repository
   */
  constructor(fetch, repository) {
    this.#fetch = fetch
    this.#repository = repository
  }

  /**
   * @param {string} mediaType
   * @param {string} text
   */
  async blob(mediaType, text) {
    const descriptor = descriptorOf(mediaType, text)
    const { digest } = descriptor
    const pushed =
      this.#pushed.get(digest) ?? this.#send('POST', `blobs/uploads/?digest=${digest}`, text)
    this.#pushed.set(digest, pushed)
    await pushed
    return descriptor
  }

  /**
   * @param {object} manifest
   * @param {readonly string[]} tags
   * @returns {Promise<Descriptor>}
   */
  async manifest(manifest, tags = []) {
    const text = JSON.stringify({ schemaVersion: 2, ...manifest })
    const { mediaType } = /** @type {{ mediaType: string }} */ (manifest)
    const descriptor = descriptorOf(mediaType, text)
    const query = tags.length === 0 ? '' : `?tag=${tags.join('&tag=')}`
    await this.#send('PUT', `manifests/${descriptor.digest}${query}`, text, mediaType)
    return descriptor
  }

  /**
   * @param {number} number
   * @param {readonly string[]} tags
   * @param {string} architecture
   */
  async image(number, tags = [], architecture = 'amd64') {
    const config = await this.blob(types.config, configOf(number, architecture))
    const layers = await Promise.all(
      [0, 1, 2].map((layer) =>
        this.blob(types.layer, `layer ${layer} of ${number % (50 + layer)}`),
      ),
    )
    const annotations = { 'org.opencontainers.image.version': tags[0] ?? `${number}` }
    return this.manifest({ mediaType: types.image, config, layers, annotations }, tags)
  }

  /**
   * @param {number} number
   * @param {readonly string[]} tags
   */
  async index(number, tags) {
    const manifests = []
    for (const architecture of ['amd64', 'arm64', 's390x']) {
      const image = await this.image(number, [], architecture)
      manifests.push({ ...image, platform: { os: 'linux', architecture } })
    }
    return this.manifest({ mediaType: types.index, manifests }, tags)
  }

  /**
   * @param {Descriptor} subject
   * @param {number} number
   * @param {string} artifactType
   */
  async referrer(subject, number, artifactType) {
    const config = await this.blob('application/vnd.oci.empty.v1+json', '{}')
    const text = artifactType === types.bom ? bomOf(number) : `signature ${number}`
    const layers = [await this.blob(artifactType, text)]
    return this.manifest({ mediaType: types.image, artifactType, config, layers, subject })
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {string} body
   * @param {string} [type]
   */
  async #send(method, path, body, type = 'application/octet-stream') {
    const url = `http://localhost/v2/${this.#repository}/${path}`
    const headers = { 'content-type': type }
    const response = await this.#fetch(new Request(url, { method, headers, body }))
    await response.arrayBuffer()
    if (response.status !== 201) throw new Error(`${method} ${path}: ${response.status}`)
  }
}

/**
 * @param {number} number
 * @param {string} architecture
 */
function configOf(number, architecture) {
  const step = (/** @type {number} */ at) => ({
    created: '2026-01-01T00:00:00Z',
    created_by: `RUN step ${at} of ${number}`,
  })
  return JSON.stringify({
    created: '2026-01-01T00:00:00Z',
    ...{ architecture, os: 'linux' },
    config: { Env: ['PATH=/bin'], Cmd: ['run'], Labels: { number: `${number}` } },
    history: [0, 1, 2].map(step),
    rootfs: { type: 'layers', diff_ids: [0, 1, 2].map((at) => sha256(`${number} ${at}`)) },
  })
}

/** @param {number} number */
function bomOf(number) {
  const packages = Array.from({ length: 20 }, (_, at) => ({
    ...{ name: `package-${at}`, versionInfo: `1.${number}.${at}`, licenseConcluded: 'MIT' },
    SPDXID: `SPDXRef-${at}`,
  }))
  return JSON.stringify({ spdxVersion: 'SPDX-2.3', name: `image ${number}`, packages })
}

/**
 * @param {number} count
 * @param {(at: number) => Promise<unknown>} make
 */
async function all(count, make) {
  let begun = 0
  const lane = async () => {
    while (begun < count) await make(begun++)
  }
  await Promise.all(Array.from({ length: writers }, lane))
}

/** @param {number} n */
export const versionTag = (n) =>
  n % 10 === 9 ? `build-${n}` : `v${Math.floor(n / 1000)}.${Math.floor(n / 10) % 100}.${n % 10}`

/**
 * Pushes everything to a registry.
 * @param {Fetch} fetch
 * @param {number} tags
 * @param {number} repositories
 */
export async function fill(fetch, tags, repositories) {
  const pusher = new Pusher(fetch, large)
  const images = Math.ceil(tags / tagsEach)
  await all(images, async (at) => {
    const own = Array.from({ length: tagsEach }, (_, n) => versionTag(at * tagsEach + n))
    const pushed = await (at % indexEvery === 7 ? pusher.index(at, own) : pusher.image(at, own))
    if (at % referredEvery !== 0) return
    await pusher.referrer(pushed, at, types.signature)
    await pusher.referrer(pushed, at, types.bom)
  })
  const subject = await pusher.image(images, ['subject'])
  await all(manyReferrers, (at) =>
    pusher.referrer(subject, images + at, at % 2 === 0 ? types.signature : types.bom),
  )
  await all(repositories, (at) =>
    new Pusher(fetch, `team-${at % 100}/app-${at}`).image(at % 100, ['latest']),
  )
  const last = await pusher.index(images + 1, ['index', 'latest'])
  return { subject, index: last }
}
