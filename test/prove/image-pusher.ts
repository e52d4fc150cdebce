import { createHash } from 'node:crypto'
import { sha256 } from '../clients/bytes.mjs'
import { noise } from '../clients/ledger.mjs'
import type { Random } from '../disk/simulation/random.ts'

/** An image in a registry: its manifest, and the seeds of its blobs. */
export interface PushedImage {
  readonly tag: string
  readonly digest: string
  readonly manifest: Buffer
  readonly blobs: readonly {
    readonly seed: string
    readonly size: number
    readonly digest: string
  }[]
}

const mediaType = 'application/vnd.oci.image.manifest.v1+json'

/**
 * Pushes images to one repository and reads them back, each byte hashed. Only it changes that repository, so that
 * every answer is known ahead.
 */
export class ImagePusher {
  readonly #origin: string
  readonly #repository: string
  readonly #random: Random
  /** Called after each request. */
  readonly #asked: () => Promise<unknown>
  readonly #standing: PushedImage[] = []
  #made = 0
  /** Bytes that were read and hashed. */
  hashed = 0

  constructor(origin: string, repository: string, random: Random, asked: () => Promise<unknown>) {
    this.#origin = origin
    this.#repository = repository
    this.#random = random
    this.#asked = asked
  }

  /** Pushes an image in the place of the oldest one, and reads all of it and some older one. @throws Error that says what is wrong */
  async turn(most = 20): Promise<void> {
    const image = await this.#push(`t${this.#made % most}`)
    this.#standing.push(image)
    await this.#check(image)
    if (this.#standing.length <= most) return
    const oldest = this.#standing.shift()
    if (oldest !== undefined) await this.#remove(oldest)
    await this.#check(this.#random.pick(this.#standing))
    await this.#expectTags()
  }

  /** Reads everything that stands. */
  async checkAll(): Promise<void> {
    for (const image of this.#standing) await this.#check(image)
    await this.#expectTags()
  }

  async #push(tag: string): Promise<PushedImage> {
    this.#made += 1
    const blobs: PushedImage['blobs'][number][] = []
    for (let at = 0; at < 1 + this.#random.below(3); at += 1) {
      const size = this.#random.chance(0.2) ? this.#random.below(500_000) : this.#random.below(8000)
      const seed = `${this.#repository}/${this.#made}/${at}`
      blobs.push(await this.#pushBlob(seed, size))
    }
    const [config, ...layers] = blobs.map(({ size, digest }) => ({
      mediaType: 'application/octet-stream',
      size,
      digest,
    }))
    const annotations = { made: `${this.#made}` }
    const document = { schemaVersion: 2, mediaType, config, layers, annotations }
    const manifest = Buffer.from(JSON.stringify(document))
    const headers = { 'content-type': mediaType }
    await this.#ask('PUT', `manifests/${tag}`, 201, { headers, body: manifest })
    return { tag, digest: sha256(manifest), manifest, blobs }
  }

  async #pushBlob(seed: string, size: number): Promise<PushedImage['blobs'][number]> {
    const bytes = noise(seed, size)
    const digest = sha256(bytes)
    if (this.#random.chance(0.5)) {
      await this.#ask('POST', `blobs/uploads/?digest=${digest}`, 201, { body: bytes })
      return { seed, size, digest }
    }
    const half = size >> 1
    let { location } = await this.#ask('POST', 'blobs/uploads/', 202)
    const patch = await this.#ask('PATCH', location, 202, { body: bytes.subarray(0, half) })
    location = patch.location
    await this.#ask('PUT', `${location}?digest=${digest}`, 201, { body: bytes.subarray(half) })
    return { seed, size, digest }
  }

  async #check({ tag, digest, manifest, blobs }: PushedImage): Promise<void> {
    for (const reference of [tag, digest]) {
      const { bytes } = await this.#ask('GET', `manifests/${reference}`, 200)
      if (!bytes.equals(manifest)) throw new Error(`${this.#repository}:${reference}: wrong bytes`)
    }
    for (const blob of blobs) {
      const { bytes } = await this.#ask('GET', `blobs/${blob.digest}`, 200)
      const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
      if (found !== blob.digest) throw new Error(`${this.#repository}/${blob.digest}: wrong bytes`)
    }
  }

  async #remove({ digest }: PushedImage): Promise<void> {
    await this.#ask('DELETE', `manifests/${digest}`, 202)
    await this.#ask('GET', `manifests/${digest}`, 404)
  }

  async #expectTags(): Promise<void> {
    const { bytes } = await this.#ask('GET', 'tags/list', 200)
    const { tags } = JSON.parse(`${bytes}`) as { readonly tags: readonly string[] }
    const expected = this.#standing.map(({ tag }) => tag).sort()
    if (`${tags}` !== `${expected}`) {
      throw new Error(`${this.#repository}: its tags are ${tags}, not ${expected}`)
    }
  }

  async #ask(
    method: string,
    path: string,
    status: number,
    init: { readonly headers?: Record<string, string>; readonly body?: Buffer } = {},
  ): Promise<{ readonly bytes: Buffer; readonly location: string }> {
    const url = new URL(path, `${this.#origin}/v2/${this.#repository}/`)
    const { headers = {}, body } = init
    const accept = { accept: '*/*', ...headers }
    const sent = body === undefined ? {} : { body: new Uint8Array(body) }
    const answer = await fetch(url, { method, headers: accept, ...sent })
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (answer.status !== status) {
      const said = `${bytes.subarray(0, 300)}`
      throw new Error(`${method} ${url.pathname}: ${answer.status}, not ${status}: ${said}`)
    }
    if (status === 200) this.hashed += bytes.byteLength
    await this.#asked()
    return { bytes, location: answer.headers.get('location') ?? '' }
  }
}
