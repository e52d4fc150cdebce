// The smallest possible client: fetch and nothing else. It reads back the content that the real clients
// pushed, so that no client checks its own work.
import { createHash } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { children, reachable } from './image.mjs'

/** The `Accept` of a manifest request; some registries find no manifest of other types. */
export const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

/**
 * @param {Response} response
 * @param {number} status
 * @returns {Promise<Response>} the response given
 * @throws {Error} when the status is another; the body is in the message
 */
export async function expectStatus(response, status) {
  if (response.status === status) return response
  const body = (await response.text()).slice(0, 500)
  throw new Error(`${response.url} answered ${response.status}, not ${status}: ${body}`)
}

/** A registry at a loopback address. */
export class Wire {
  /** @type {Record<string, string>} */
  #headers

  /**
   * @param {string} host `127.0.0.1:PORT`
   * @param {string} [authorization] goes with every request
   */
  constructor(host, authorization) {
    this.origin = `http://${host}`
    this.#headers = authorization === undefined ? {} : { authorization }
  }

  /**
   * @param {string | URL} url
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   */
  #fetch(url, init = {}) {
    return fetch(url, { ...init, headers: { ...this.#headers, ...init.headers } })
  }

  /**
   * @param {string} path behind `/v2/`
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   */
  request(path, init) {
    return this.#fetch(`${this.origin}/v2/${path}`, init)
  }

  /**
   * A request to a `Location`, which may have the address where the registry listened before.
   * @param {string} location
   * @param {RequestInit} [init]
   * @param {string} [digest] for the query
   * @returns {Promise<Response>}
   */
  at(location, init, digest) {
    const { pathname, search } = new URL(location, this.origin)
    const url = new URL(`${pathname}${search}`, this.origin)
    if (digest !== undefined) url.searchParams.set('digest', digest)
    return this.#fetch(url, init)
  }

  /**
   * The bytes of a manifest, checked against the digest the registry gives for them.
   * @param {string} repo
   * @param {string} reference
   * @returns {Promise<{ bytes: Buffer, digest: string, type: string }>}
   */
  async manifest(repo, reference) {
    const headers = { accept: manifestTypes }
    const response = await this.request(`${repo}/manifests/${reference}`, { headers })
    await expectStatus(response, 200)
    const bytes = Buffer.from(await response.arrayBuffer())
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    const said = response.headers.get('docker-content-digest')
    if (said !== digest || (reference.includes(':') && reference !== digest)) {
      throw new Error(`${repo}/${reference}: the bytes are ${digest}, the registry said ${said}`)
    }
    return { bytes, digest, type: response.headers.get('content-type') ?? '' }
  }

  /**
   * Reads a blob and hashes it on the way.
   * @param {string} repo
   * @param {string} digest
   * @returns {Promise<number>} its size in bytes
   */
  async checkBlob(repo, digest) {
    const response = await this.request(`${repo}/blobs/${digest}`)
    await expectStatus(response, 200)
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of response.body ?? []) {
      hash.update(chunk)
      size += chunk.length
    }
    const found = `sha256:${hash.digest('hex')}`
    if (found !== digest) throw new Error(`${repo}/${digest}: its ${size} bytes are ${found}`)
    return size
  }

  /**
   * Reads everything below a manifest, and the manifest, byte for byte.
   * @param {string} repo
   * @param {string} reference
   * @returns {Promise<{ digest: string, blobs: number, bytes: number }>}
   */
  async checkImage(repo, reference) {
    const { bytes: manifest, digest } = await this.manifest(repo, reference)
    const below = children(manifest)
    let blobs = 0
    let bytes = manifest.length
    for (const blob of below.blobs) {
      const size = await this.checkBlob(repo, blob.digest)
      if (size !== blob.size) throw new Error(`${repo}/${blob.digest}: ${size} bytes`)
      blobs += 1
      bytes += size
    }
    for (const child of below.manifests) {
      const found = await this.checkImage(repo, child.digest)
      blobs += found.blobs
      bytes += found.bytes
    }
    return { digest, blobs, bytes }
  }

  /**
   * Pushes a layout's image or index, for the clients that only pull.
   * @param {string} repo
   * @param {string} tag
   * @param {import('./image.mjs').Sample} sample
   */
  async push(repo, tag, { layout, root }) {
    const { manifests, blobs } = await reachable(layout, root.digest)
    for (const digest of blobs) {
      const opened = await this.request(`${repo}/blobs/uploads/`, { method: 'POST' })
      await expectStatus(opened, 202)
      const location = opened.headers.get('location') ?? ''
      const body = await openAsBlob(layout.path(digest))
      await expectStatus(await this.at(location, { method: 'PUT', body }, digest), 201)
    }
    for (const digest of manifests) {
      const body = await readFile(layout.path(digest))
      const type = JSON.parse(body.toString()).mediaType
      const names = digest === root.digest ? [digest, tag] : [digest]
      for (const name of names) {
        const put = { method: 'PUT', headers: { 'content-type': type }, body }
        await expectStatus(await this.request(`${repo}/manifests/${name}`, put), 201)
      }
    }
  }

  /**
   * The digests of the manifests that refer to a manifest, by the referrers API.
   * @param {string} repo
   * @param {string} digest
   * @returns {Promise<{ digest: string, artifactType?: string }[] | null>} `null`: the registry has
   *   no such API
   */
  async referrers(repo, digest) {
    const response = await this.request(`${repo}/referrers/${digest}`)
    if (response.status === 404) return null
    await expectStatus(response, 200)
    const { manifests } = /** @type {any} */ (await response.json())
    return manifests
  }
}
