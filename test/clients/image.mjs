// Builds OCI image layouts: the clients need images, and none may come from a network.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { pseudoRandom, sha256, tar } from './bytes.mjs'

const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
}

/**
 * @typedef {object} Descriptor
 * @property {string} mediaType
 * @property {string} digest
 * @property {number} size
 * @property {{ architecture: string, os: string }} [platform]
 * @property {Record<string, string>} [annotations]
 */

/** Counts and hashes what passes through it. */
class Meter extends Transform {
  #hash = createHash('sha256')
  size = 0

  /** @override @param {Buffer} chunk @param {string} _encoding @param {(error: null, chunk: Buffer) => void} done */
  _transform(chunk, _encoding, done) {
    this.#hash.update(chunk)
    this.size += chunk.length
    done(null, chunk)
  }

  digest() {
    return `sha256:${this.#hash.digest('hex')}`
  }
}

/** An OCI image layout in a folder. */
export class Layout {
  /** @type {Descriptor[]} */
  #entries = []

  /** @param {string} dir */
  constructor(dir) {
    this.dir = dir
  }

  /**
   * @param {string} dir made if it is not there
   * @returns {Promise<Layout>}
   */
  static async create(dir) {
    await mkdir(join(dir, 'blobs', 'sha256'), { recursive: true })
    await writeFile(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    return new Layout(dir)
  }

  /** @param {string} digest @returns {string} */
  path(digest) {
    return join(this.dir, 'blobs', ...digest.split(':'))
  }

  /**
   * @param {string} mediaType
   * @param {Buffer | string} bytes
   * @returns {Promise<Descriptor>}
   */
  async addBlob(mediaType, bytes) {
    const digest = sha256(bytes)
    await writeFile(this.path(digest), bytes)
    return { mediaType, digest, size: Buffer.byteLength(bytes) }
  }

  /**
   * A layer of one file of pseudo-random bytes. It is gzip without compression: clients that compress
   * other content leave it alone, and no time is spent on compressing noise.
   * @param {string} seed
   * @param {number} size of the file, in bytes
   * @returns {Promise<{ layer: Descriptor, diffId: string }>}
   */
  async addLayer(seed, size) {
    const file = { path: `${seed}.bin`, size, content: pseudoRandom(seed, size) }
    const [plain, packed] = [new Meter(), new Meter()]
    const growing = join(this.dir, `${seed}.part`)
    await pipeline(
      Readable.from(tar([file])),
      plain,
      createGzip({ level: 0 }),
      packed,
      createWriteStream(growing),
    )
    const digest = packed.digest()
    await rename(growing, this.path(digest))
    return {
      layer: { mediaType: types.layer, digest, size: packed.size },
      diffId: plain.digest(),
    }
  }

  /**
   * @param {readonly { layer: Descriptor, diffId: string }[]} layers
   * @param {string} architecture
   * @returns {Promise<Descriptor>} of the manifest
   */
  async addImage(layers, architecture) {
    const platform = { architecture, os: 'linux' }
    const config = await this.addBlob(
      types.config,
      JSON.stringify({
        ...platform,
        created: '2026-01-01T00:00:00Z',
        config: { Labels: { origin: 'layerdock clients' }, Cmd: ['/none'] },
        rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
        history: layers.map((_, at) => ({
          created: '2026-01-01T00:00:00Z',
          created_by: `layer ${at}`,
        })),
      }),
    )
    const manifest = await this.addBlob(
      types.manifest,
      JSON.stringify({
        schemaVersion: 2,
        mediaType: types.manifest,
        config,
        layers: layers.map(({ layer }) => layer),
      }),
    )
    return { ...manifest, platform }
  }

  /**
   * @param {readonly Descriptor[]} manifests
   * @returns {Promise<Descriptor>}
   */
  addIndex(manifests) {
    const index = { schemaVersion: 2, mediaType: types.index, manifests }
    return this.addBlob(types.index, JSON.stringify(index))
  }

  /**
   * Gives a manifest a name in `index.json`.
   * @param {string} name
   * @param {Descriptor} descriptor
   */
  async tag(name, descriptor) {
    const annotations = { 'org.opencontainers.image.ref.name': name }
    this.#entries.push({ ...descriptor, annotations })
    const index = { schemaVersion: 2, mediaType: types.index, manifests: this.#entries }
    await writeFile(join(this.dir, 'index.json'), JSON.stringify(index))
  }
}

/**
 * The descriptors in a manifest or an index.
 * @param {Buffer} bytes of the manifest
 * @returns {{ manifests: Descriptor[], blobs: Descriptor[] }}
 */
export function children(bytes) {
  const { manifests = [], config, layers = [] } = JSON.parse(bytes.toString())
  return { manifests, blobs: config === undefined ? layers : [config, ...layers] }
}

/**
 * An image with its layers on one platform.
 * @typedef {object} Sample
 * @property {string} dir the layout's folder; the tag in it is `v1`
 * @property {Layout} layout
 * @property {Descriptor} root the manifest or index behind the tag
 */

/**
 * An image of the given size in four layers: half, a quarter, the rest, and a single byte.
 * @param {string} dir
 * @param {{ seed: string, bytes: number }} options
 * @returns {Promise<Sample>}
 */
export async function buildImage(dir, { seed, bytes }) {
  const layout = await Layout.create(dir)
  const sizes = [bytes >> 1, bytes >> 2, (bytes >> 2) - 1, 1]
  const layers = []
  for (const [at, size] of sizes.entries()) layers.push(await layout.addLayer(`${seed}${at}`, size))
  const root = await layout.addImage(layers, 'amd64')
  await layout.tag('v1', root)
  return { dir, layout, root }
}

/**
 * An index of small images for three platforms that share a layer.
 * @param {string} dir
 * @param {string} seed
 * @returns {Promise<Sample>}
 */
export async function buildIndex(dir, seed) {
  const layout = await Layout.create(dir)
  const shared = await layout.addLayer(`${seed}shared`, 100_000)
  const images = []
  for (const architecture of ['amd64', 'arm64', 'riscv64']) {
    const own = await layout.addLayer(`${seed}${architecture}`, 50_000)
    images.push(await layout.addImage([shared, own], architecture))
  }
  const root = await layout.addIndex(images)
  await layout.tag('v1', root)
  return { dir, layout, root }
}

/**
 * Every manifest and blob that can be reached from a root in a layout.
 * @param {Layout} layout
 * @param {string} digest
 * @returns {Promise<{ manifests: string[], blobs: string[] }>} children before parents
 */
export async function reachable(layout, digest) {
  const below = children(await readFile(layout.path(digest)))
  const manifests = []
  const blobs = below.blobs.map((blob) => blob.digest)
  for (const child of below.manifests) {
    const found = await reachable(layout, child.digest)
    manifests.push(...found.manifests)
    blobs.push(...found.blobs)
  }
  return { manifests: [...manifests, digest], blobs: [...new Set(blobs)] }
}
