// The calls that clients make of a registry, on one connection, each checked for its answer.

import { createHash } from 'node:crypto'
import { chunked } from './content.mjs'
import { Connection, headerOf } from './http.mjs'

/** @import { Answer, ConnectionOptions, Reading } from './http.mjs' */
/** @import { Blob, Manifest, Target } from './types.ts' */

const smallBytes = 64 * 1024
let made = 0

/**
 * At least one client of one repository; each has a connection of its own.
 * @param {number} count
 * @param {ConstructorParameters<typeof Caller>} of
 * @returns {[Caller, ...Caller[]]}
 */
export function makeCallers(count, ...of) {
  return [new Caller(...of), ...Array.from({ length: count - 1 }, () => new Caller(...of))]
}

/** One client of one repository. Every call throws an Error for any answer but the expected one. */
export class Caller {
  #connections
  #turn = made++
  #host
  #base
  #options
  /** To where answers led.
   * @type {Map<number, Connection>} */
  #elsewhere = new Map()

  /**
   * @param {Target} target of several ports, each call goes to the next
   * @param {string} repository
   * @param {ConnectionOptions} [options]
   */
  constructor(target, repository, options) {
    const ports = typeof target === 'number' ? [target] : target
    this.#connections = ports.map((port) => new Connection(port, options))
    this.#host = `127.0.0.1:${ports[0]}`
    this.#base = `/v2/${repository}`
    this.#options = options
  }

  close() {
    for (const connection of this.#all()) connection.close()
  }

  pause() {
    for (const connection of this.#all()) connection.pause()
  }

  resume() {
    for (const connection of this.#all()) connection.resume()
  }

  #all() {
    return [...this.#connections, ...this.#elsewhere.values()]
  }

  /** @param {Parameters<Connection['exchange']>} request */
  #exchange(...request) {
    const connection = this.#connections[this.#turn++ % this.#connections.length]
    return /** @type {Connection} */ (connection).exchange(...request)
  }

  /**
   * POST, then the whole blob in one PUT with its length.
   * @param {Blob} blob
   */
  async pushBlob(blob) {
    await this.#putBlob(await this.#startUpload(), blob)
  }

  /**
   * @param {string} location
   * @param {Blob} blob
   */
  async #putBlob(location, blob) {
    const head = this.#head('PUT', this.#finishAt(location, blob), {
      'Content-Type': 'application/octet-stream',
      'Content-Length': blob.bytes,
    })
    if (blob.bytes <= smallBytes) {
      // One write: a small body in a packet of its own would measure the kernel.
      await this.#call('PUT of a blob', 201, Buffer.concat([head, ...blob.pieces()]))
    } else {
      await this.#call('PUT of a blob', 201, head, { pieces: blob.pieces() })
    }
  }

  /**
   * POST, the blob in one PATCH of unknown length, and an empty PUT, as Docker pushes.
   * @param {Blob} blob
   */
  async pushBlobChunked(blob) {
    const head = this.#head('PATCH', await this.#startUpload(), {
      'Content-Type': 'application/octet-stream',
      'Transfer-Encoding': 'chunked',
    })
    const patched = await this.#call('PATCH of a blob', 202, head, {
      pieces: chunked(blob.pieces()),
    })
    const end = this.#finishAt(locationOf(patched), blob)
    await this.#call('PUT after PATCH', 201, this.#head('PUT', end, { 'Content-Length': 0 }))
  }

  /**
   * POST with the digest and the whole blob. Not every registry takes it: one that answers as to the start
   * of an upload gets the PUT that the specification asks for then.
   * @param {Blob} blob
   */
  async pushBlobInPost(blob) {
    const path = `${this.#base}/blobs/uploads/?digest=${blob.digest}`
    const head = this.#head('POST', path, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': blob.bytes,
    })
    const answer = await this.#exchange(Buffer.concat([head, ...blob.pieces()]))
    if (answer.status === 201) return
    if (answer.status !== 202) throw new Error(`POST of a blob was answered ${answer.status}`)
    await this.#putBlob(locationOf(answer), blob)
  }

  /**
   * HEAD of a blob that must be there.
   * @param {string} digest
   */
  async mustHaveBlob(digest) {
    if (!(await this.hasBlob(digest))) throw new Error('HEAD of a blob was answered 404')
  }

  /**
   * HEAD of a blob: whether it is there.
   * @param {string} digest
   */
  async hasBlob(digest) {
    const head = this.#head('HEAD', `${this.#base}/blobs/${digest}`)
    const { status } = await this.#exchange(head, { bodyless: true })
    if (status !== 200 && status !== 404) throw new Error(`HEAD of a blob was answered ${status}`)
    return status === 200
  }

  /**
   * GET of a blob, also from where the answer leads, its length checked and its bytes dropped; `onBody` may
   * look at them.
   * @param {Blob} blob
   * @param {Reading['onBody']} [onBody]
   */
  async pullBlob(blob, onBody = null) {
    const head = this.#head('GET', `${this.#base}/blobs/${blob.digest}`)
    let answer = await this.#exchange(head, { onBody })
    if (answer.status === 307) answer = await this.#follow(answer, onBody)
    if (answer.status !== 200) throw new Error(`GET of a blob was answered ${answer.status}`)
    if (answer.bytes !== blob.bytes) {
      throw new Error(`GET of a blob gave ${answer.bytes} bytes of ${blob.bytes}`)
    }
  }

  /**
   * GET of a blob, with every byte checked against its digest.
   * @param {Blob} blob
   */
  async verifyBlob(blob) {
    const hash = createHash('sha256')
    await this.pullBlob(blob, (bytes) => hash.update(bytes))
    const digest = `sha256:${hash.digest('hex')}`
    if (digest !== blob.digest) throw new Error(`GET of a blob gave other bytes: ${digest}`)
  }

  /**
   * @param {string} reference a tag or a digest, with a query or without
   * @param {Manifest} manifest
   * @param {string} [repository] another than the caller's own
   */
  async pushManifest(reference, manifest, repository) {
    const base = repository === undefined ? this.#base : `/v2/${repository}`
    const head = this.#head('PUT', `${base}/manifests/${reference}`, {
      'Content-Type': manifest.type,
      'Content-Length': manifest.bytes.length,
    })
    await this.#call('PUT of a manifest', 201, Buffer.concat([head, manifest.bytes]))
  }

  /**
   * A function that GETs (or HEADs) one manifest again and again, its request made only once.
   * @param {'GET' | 'HEAD'} method
   * @param {string} reference
   * @param {Manifest} manifest
   * @returns {(onBody?: Reading['onBody']) => Promise<Answer>}
   */
  manifestReader(method, reference, manifest) {
    const head = this.#head(method, `${this.#base}/manifests/${reference}`, {
      Accept: manifest.type,
    })
    const bodyless = method === 'HEAD'
    const wanted = bodyless ? 0 : manifest.bytes.length
    return async (onBody = null) => {
      const answer = await this.#call(`${method} of a manifest`, 200, head, { bodyless, onBody })
      if (answer.bytes !== wanted) {
        throw new Error(`${method} of a manifest gave ${answer.bytes} bytes of ${wanted}`)
      }
      return answer
    }
  }

  /**
   * GET of any path; `onBody` may look at what comes.
   * @param {string} path
   * @param {Reading['onBody']} [onBody]
   */
  async get(path, onBody = null) {
    await this.#call(`GET of ${path}`, 200, this.#head('GET', path), { onBody })
  }

  /**
   * @param {Answer} answer
   * @param {Reading['onBody']} [onBody]
   */
  #follow({ head }, onBody = null) {
    const { host, port, pathname, search } = new URL(headerOf(head, 'location') ?? '')
    const connection =
      this.#elsewhere.get(Number(port)) ?? new Connection(Number(port), this.#options)
    this.#elsewhere.set(Number(port), connection)
    const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`
    return connection.exchange(Buffer.from(request), { onBody })
  }

  async #startUpload() {
    const head = this.#head('POST', `${this.#base}/blobs/uploads/`, { 'Content-Length': 0 })
    return locationOf(await this.#call('POST of an upload', 202, head))
  }

  /**
   * @param {string} location
   * @param {Blob} blob
   */
  #finishAt(location, blob) {
    return `${location}${location.includes('?') ? '&' : '?'}digest=${blob.digest}`
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Record<string, string | number>} [headers]
   */
  #head(method, path, headers = {}) {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n${lines.join('')}\r\n`)
  }

  /**
   * @param {string} what for the error message
   * @param {number} status the expected one
   * @param {Buffer} head
   * @param {Parameters<Connection['exchange']>[1]} [options]
   */
  async #call(what, status, head, options) {
    const answer = await this.#exchange(head, options)
    if (answer.status !== status) throw new Error(`${what} was answered ${answer.status}`)
    return answer
  }
}

/** @param {Answer} answer */
function locationOf({ head }) {
  const location = headerOf(head, 'location')
  if (location === null) throw new Error('an answer about an upload has no Location')
  return location.replace(/^https?:\/\/[^/]+/, '')
}
