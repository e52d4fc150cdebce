// What a bare server answers: a registry's answers, with none of a registry's rules. It looks content up
// by the path it was pushed to, so that what is left is the cost of the runtime's own server.

import { Buffer } from 'node:buffer'
import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { durableLog } from './log.mjs'

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Record<string, string>} headers
 * @property {Buffer | null} body
 */

// Pushed content goes in the order it came, so that a long run of pushes takes no more than this.
const keptBytes = 64 * 1024 * 1024
const manifestPath = /\/manifests\/[^/]+$/
const missing = { status: 404, headers: { 'Content-Length': '0' }, body: null }

export class BareContent {
  /** @type {Map<string, Answer & { body: Buffer }>} */
  #content = new Map()
  #bytes = 0
  /** @type {Map<string, Buffer[]>} */
  #uploads = new Map()
  #append

  /** @param {string} folder where what is pushed is written */
  constructor(folder) {
    this.#append = durableLog(join(folder, 'bare.log'))
  }

  /**
   * The answer to a GET, and to a HEAD but for its body.
   * @param {string} path
   * @returns {Answer}
   */
  read(path) {
    if (path === '/v2/') return { status: 200, headers: { 'Content-Length': '2' }, body: braces }
    return this.#content.get(path) ?? missing
  }

  /**
   * The answer to a POST, PATCH or PUT. What a PUT brings, or a POST with a digest, is durable then.
   * @param {string} method
   * @param {string} url path and query
   * @param {string} contentType
   * @param {Buffer} body
   * @returns {Promise<Answer>}
   */
  async write(method, url, contentType, body) {
    const [path = '', query = ''] = url.split('?', 2)
    const digest = /(?:^|&)digest=([^&]+)/.exec(query)?.[1]
    if (manifestPath.test(path)) return this.#keep(path, contentType, body)
    if (digest !== undefined) {
      const before = this.#uploads.get(path)
      this.#uploads.delete(path)
      const bytes = before === undefined ? body : Buffer.concat([...before, body])
      const to = path.replace(/\/uploads\/.*$/, `/${digest}`)
      return this.#keep(to, 'application/octet-stream', bytes)
    }
    const at = method === 'POST' ? `${path}${randomUUID()}` : path
    if (method === 'PATCH') this.#uploads.set(at, [...(this.#uploads.get(at) ?? []), body])
    return accepted(at, body.length)
  }

  /**
   * @param {string} path
   * @param {string} type
   * @param {Buffer} body
   * @returns {Promise<Answer>}
   */
  async #keep(path, type, body) {
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`
    if (!manifestPath.test(path) && !path.endsWith(digest)) return { ...missing, status: 400 }
    await this.#append(Buffer.concat([Buffer.from(`${body.length} ${path}\n`), body]))
    const kept = { status: 200, headers: readHeaders(type, digest, body.length), body }
    this.#set(path, kept)
    if (manifestPath.test(path)) this.#set(path.replace(/[^/]+$/, digest), kept)
    return created(path, digest)
  }

  /**
   * @param {string} path
   * @param {Answer & { body: Buffer }} answer
   */
  #set(path, answer) {
    this.#bytes += answer.body.length - (this.#content.get(path)?.body.length ?? 0)
    this.#content.set(path, answer)
    for (const [oldest, { body }] of this.#content) {
      if (this.#bytes <= keptBytes) return
      this.#content.delete(oldest)
      this.#bytes -= body.length
    }
  }
}

const braces = Buffer.from('{}')
const common = {
  'Docker-Distribution-API-Version': 'registry/2.0',
  'X-Content-Type-Options': 'nosniff',
}

/**
 * @param {string} type
 * @param {string} digest
 * @param {number} bytes
 */
function readHeaders(type, digest, bytes) {
  return {
    ...common,
    'Content-Type': type,
    'Content-Length': `${bytes}`,
    'Docker-Content-Digest': digest,
    ETag: `"${digest}"`,
    'Cache-Control': 'no-cache, no-transform',
  }
}

/**
 * @param {string} location
 * @param {number} bytes
 * @returns {Answer}
 */
function accepted(location, bytes) {
  const headers = {
    ...common,
    Location: location,
    Range: `0-${Math.max(0, bytes - 1)}`,
    'Docker-Upload-UUID': location.slice(location.lastIndexOf('/') + 1),
    'Content-Length': '0',
  }
  return { status: 202, headers, body: null }
}

/**
 * @param {string} location
 * @param {string} digest
 * @returns {Answer}
 */
function created(location, digest) {
  const headers = {
    ...common,
    Location: location,
    'Docker-Content-Digest': digest,
    'Content-Length': '0',
  }
  return { status: 201, headers, body: null }
}
