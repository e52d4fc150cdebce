// One worker that pushes, moves and deletes names, and begins uploads, until the registry is gone.
import { createHash } from 'node:crypto'
import { sha256 } from './bytes.mjs'
import { noise } from './ledger.mjs'
import { expectStatus } from './wire.mjs'

/** Numbers that are the same for the same seed. */
export class Dice {
  #bytes
  #at = 0

  /** @param {string} seed */
  constructor(seed) {
    this.#bytes = noise(seed, 64 * 1024)
  }

  /** @param {number} sides @returns {number} from 0 to `sides` − 1 */
  next(sides) {
    this.#at = (this.#at + 4) % this.#bytes.length
    return this.#bytes.readUInt32LE(this.#at) % sides
  }
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

export class Pusher {
  #serial = 0

  /**
   * @param {object} given
   * @param {import('./wire.mjs').Wire} given.wire
   * @param {import('./ledger.mjs').Ledger} given.ledger
   * @param {string} given.repo its own: no other worker changes it
   * @param {string} given.seed
   * @param {number} given.largest the largest layer, in bytes
   * @param {boolean} given.tagDeletes whether the registry can delete a tag and leave the manifest
   * @param {() => void} given.acknowledged called after every acknowledgement
   */
  constructor({ wire, ledger, repo, seed, largest, tagDeletes, acknowledged }) {
    this.wire = wire
    this.ledger = ledger
    this.repo = repo
    this.seed = seed
    this.largest = largest
    this.tagDeletes = tagDeletes
    this.dice = new Dice(seed)
    this.acknowledged = acknowledged
  }

  /**
   * Works until `stop` says so, or a request fails because the registry is gone.
   * @param {() => boolean} stop
   */
  async work(stop) {
    try {
      while (!stop()) {
        const choice = this.dice.next(10)
        if (choice < 6) await this.#pushImage()
        else if (choice < 8) await this.#beginUpload()
        else if (choice < 9 && this.tagDeletes) await this.#deleteTag()
        else await this.#deleteManifest()
      }
    } catch (error) {
      // From the kill on anything may fail; before it nothing may.
      if (!stop()) throw error
    }
  }

  #acknowledge() {
    this.ledger.acknowledged += 1
    this.acknowledged()
  }

  #name() {
    this.#serial += 1
    return `${this.seed}/${this.#serial}`
  }

  async #pushImage() {
    const blobs = []
    const count = 1 + this.dice.next(3)
    for (let at = 0; at < count; at += 1) {
      const size = at === 0 ? 2 + this.dice.next(2000) : 2 + this.dice.next(this.largest)
      blobs.push(await this.#pushBlob(this.#name(), size))
    }
    const [config, ...layers] = blobs.map((blob) => ({
      mediaType: 'application/octet-stream',
      ...blob,
    }))
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        artifactType: 'application/vnd.example.kill',
        config,
        layers,
        annotations: { serial: this.#name() },
      }),
    )
    const digest = sha256(bytes)
    const content = this.ledger.expect({ repo: this.repo, digest, bytes })
    const tag = this.ledger.tag(this.repo, `t${this.dice.next(6)}`)
    tag.may = new Set([...tag.may, digest])
    tag.round = this.ledger.round
    const response = await this.wire.request(`${this.repo}/manifests/${tag.tag}`, {
      method: 'PUT',
      headers: { 'content-type': manifestType },
      body: Uint8Array.from(bytes),
    })
    await expectStatus(response, 201)
    tag.may = new Set([digest])
    content.state = 'present'
    this.#acknowledge()
  }

  /** @param {string} seed @param {number} size */
  async #pushBlob(seed, size) {
    const bytes = noise(seed, size)
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    const content = this.ledger.expect({ repo: this.repo, digest, seed, size })
    const way = this.dice.next(3)
    const body = Uint8Array.from(bytes)
    if (way === 0) {
      const query = `digest=${encodeURIComponent(digest)}`
      const posted = await this.wire.request(`${this.repo}/blobs/uploads/?${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body,
      })
      // A registry may answer 202 and take the bytes by PUT.
      if (posted.status === 202) await this.#put(posted, digest, body)
      else await expectStatus(posted, 201)
    } else {
      let last = await this.#post()
      if (way === 2) {
        const half = size >> 1
        last = await this.#patch(last, body.subarray(0, half))
        last = await this.#patch(last, body.subarray(half))
      }
      await this.#put(last, digest, way === 1 ? body : null)
    }
    content.state = 'present'
    this.#acknowledge()
    return { digest, size }
  }

  /** An upload in several chunks, of which two of three stay unfinished. */
  async #beginUpload() {
    const size = Math.ceil(this.largest / 3) + this.dice.next(3 * this.largest)
    const seed = this.#name()
    const bytes = noise(seed, size)
    let last = await this.#post()
    /** @type {import('./ledger.mjs').Upload} */
    const upload = {
      repo: this.repo,
      location: last.headers.get('location') ?? '',
      seed,
      size,
      acknowledged: 0,
      sent: 0,
      finishing: false,
    }
    this.ledger.uploads.add(upload)
    const parts = 1 + this.dice.next(4)
    const part = Math.ceil(size / (parts + 1))
    for (let at = 0; at < parts * part; at += part) {
      upload.sent = at + part
      last = await this.#patch(last, Uint8Array.from(bytes.subarray(at, at + part)))
      upload.acknowledged = upload.sent
      upload.location = last.headers.get('location') ?? ''
      this.#acknowledge()
    }
    if (this.dice.next(3) > 0) return
    const digest = sha256(bytes)
    const content = this.ledger.expect({ repo: this.repo, digest, seed, size })
    upload.finishing = true
    upload.sent = size
    await this.#put(last, digest, Uint8Array.from(bytes.subarray(parts * part)))
    content.state = 'present'
    this.ledger.uploads.delete(upload)
    this.#acknowledge()
  }

  async #deleteTag() {
    const named = this.ledger.tagsOf(this.repo).find(({ may }) => !may.has(null))
    if (named === undefined) return
    named.may = new Set([...named.may, null])
    named.round = this.ledger.round
    const path = `${this.repo}/manifests/${named.tag}`
    const response = await this.wire.request(path, { method: 'DELETE' })
    await expectStatus(response, 202)
    named.may = new Set([null])
    this.#acknowledge()
  }

  async #deleteManifest() {
    const [tag] = this.ledger.tagsOf(this.repo).filter(({ may }) => !may.has(null))
    const [digest] = tag?.may ?? []
    const content = this.ledger.contents.get(`${this.repo} ${digest}`)
    if (content === undefined) return
    const tags = this.ledger.tagsOf(this.repo).filter(({ may }) => may.has(content.digest))
    for (const entry of tags) {
      entry.may = new Set([...entry.may, null])
      entry.round = this.ledger.round
    }
    content.state = 'either'
    content.round = this.ledger.round
    const path = `${this.repo}/manifests/${content.digest}`
    await expectStatus(await this.wire.request(path, { method: 'DELETE' }), 202)
    content.state = 'absent'
    for (const entry of tags) entry.may = new Set([null])
    this.#acknowledge()
  }

  async #post() {
    const response = await this.wire.request(`${this.repo}/blobs/uploads/`, { method: 'POST' })
    return expectStatus(response, 202)
  }

  /** @param {Response} last @param {Uint8Array<ArrayBuffer>} body */
  async #patch(last, body) {
    const location = last.headers.get('location') ?? ''
    return expectStatus(await this.wire.at(location, { method: 'PATCH', body }), 202)
  }

  /** @param {Response} last @param {string} digest @param {Uint8Array<ArrayBuffer> | null} body */
  async #put(last, digest, body) {
    const location = last.headers.get('location') ?? ''
    return expectStatus(await this.wire.at(location, { method: 'PUT', body }, digest), 201)
  }
}
