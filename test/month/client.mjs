// A client that never gives up: it asks again while the server is away, as a CI job does that is started again.
import { sha256 } from '../clients/bytes.mjs'
import { bytesOf } from './image.mjs'

/** @typedef {import('./image.mjs').Image} Image */

/** How often a request is made again, and the pause in between, in milliseconds. */
const attempts = 2_000
const pauseMs = 20

export class Client {
  /** Pushes that began again, since the leases of their blobs were over before the manifest came. */
  lateLeases = 0
  requests = 0

  /** @param {() => string} url where the server is now */
  constructor(url) {
    this.url = url
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {{ body?: Buffer | string, type?: string }} [more]
   * @returns {Promise<{ status: number, headers: Headers, body: Buffer }>}
   */
  async ask(method, path, { body, type } = {}) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.requests += 1
        const answer = await fetch(new URL(path, this.url()), {
          method,
          ...(body === undefined ? {} : { body: /** @type {any} */ (body) }),
          headers: { Accept: '*/*', ...(type === undefined ? {} : { 'Content-Type': type }) },
        })
        const bytes = Buffer.from(await answer.arrayBuffer())
        const { status, headers } = answer
        if (status !== 503 || attempt === attempts) return { status, headers, body: bytes }
      } catch (error) {
        if (attempt === attempts) throw error
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }

  /**
   * Pushes an image under tags, the first with its manifest.
   * @param {string} repository
   * @param {Image} image
   * @param {readonly string[]} tags none: by its digest
   * @param {string} [from] a repository that may have its blobs already
   */
  async push(repository, image, tags, from) {
    for (let round = 1; round <= 20; round += 1) {
      for (const blob of image.blobs) await this.#putBlob(repository, blob, from)
      if (await this.#putManifest(repository, image, tags.length === 0 ? [image.digest] : tags))
        return
      this.lateLeases += 1
    }
    throw new Error(`${repository}: ${image.digest} could not be pushed`)
  }

  /** @returns {Promise<boolean>} false where a blob is gone again */
  async #putManifest(
    /** @type {string} */ repository,
    /** @type {Image} */ { text, mediaType },
    /** @type {readonly string[]} */ references,
  ) {
    for (const reference of references) {
      const path = `/v2/${repository}/manifests/${reference}`
      const { status, body } = await this.ask('PUT', path, { body: text, type: mediaType })
      if (status === 404 || status === 400) {
        if (/BLOB_UNKNOWN/.test(`${body}`)) return false
      }
      if (status !== 201) throw new Error(`${path}: ${status} ${body}`)
    }
    return true
  }

  /** @returns {Promise<void>} */
  async #putBlob(
    /** @type {string} */ repository,
    /** @type {import('./image.mjs').Blob} */ blob,
    /** @type {string | undefined} */ from,
  ) {
    const { digest } = blob
    const there = await this.ask('HEAD', `/v2/${repository}/blobs/${digest}`)
    if (there.status === 200) return
    const mount = from === undefined ? '' : `?mount=${digest}&from=${from}`
    const begun = await this.ask('POST', `/v2/${repository}/blobs/uploads/${mount}`)
    if (begun.status === 201) return
    const session = begun.headers.get('location') ?? ''
    const end = `${session}${session.includes('?') ? '&' : '?'}digest=${digest}`
    const put = await this.ask('PUT', end, { body: bytesOf(blob) })
    // A session may have ended with a server that was killed.
    if (put.status === 404) {
      await this.#putBlob(repository, blob, from)
      return
    }
    if (put.status !== 201) throw new Error(`${repository}: a blob was answered ${put.status}`)
  }

  /**
   * Takes a tag, a manifest or a whole repository away; done before is done as well.
   * @param {string} path
   */
  async remove(path) {
    const { status, body } = await this.ask('DELETE', path)
    if (status !== 202 && status !== 404) throw new Error(`DELETE ${path}: ${status} ${body}`)
  }

  /**
   * What is wrong with an image of the registry; null where it is all there, byte for byte.
   * @param {string} repository
   * @param {string} reference
   * @param {Image} image what it should be
   * @returns {Promise<string | null>}
   */
  async check(repository, reference, image) {
    const at = `${repository}:${reference}`
    const manifest = await this.ask('GET', `/v2/${repository}/manifests/${reference}`)
    if (manifest.status !== 200) return `${at}: ${manifest.status}`
    if (sha256(manifest.body) !== image.digest) return `${at}: is another manifest`
    for (const { digest } of image.blobs) {
      const blob = await this.ask('GET', `/v2/${repository}/blobs/${digest}`)
      if (blob.status !== 200) return `${at}: its blob ${digest} is answered ${blob.status}`
      if (sha256(blob.body) !== digest) return `${at}: its blob ${digest} has other bytes`
    }
    return null
  }

  /** @param {string} repository @returns {Promise<string[] | null>} null: there is no such repository */
  async tags(repository) {
    const { status, body } = await this.ask('GET', `/v2/${repository}/tags/list?n=1000`)
    return status === 404 ? null : JSON.parse(`${body}`).tags
  }

  /** @param {string} repository @param {string} subject @returns {Promise<string[]>} digests */
  async referrers(repository, subject) {
    const { body } = await this.ask('GET', `/v2/${repository}/referrers/${subject}`)
    const { manifests = [] } = JSON.parse(`${body}`)
    return manifests.map((/** @type {{ digest: string }} */ { digest }) => digest)
  }
}
