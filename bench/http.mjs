// A client that costs as little as it can, because it shares the machine's cores with the server it
// measures: `node:http` would spend more on a small answer than a fast registry does.

import { connect } from 'node:net'
import { connect as connectSecurely } from 'node:tls'

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {string} head from the status line on, each line with its line end
 * @property {number} bytes of the body
 */

/**
 * @typedef {object} Reading how an answer is read
 * @property {boolean} [bodyless] the answer is to a HEAD
 * @property {((bytes: Buffer) => unknown) | null} [onBody] sees each piece of the body, whose memory
 *   is used again as soon as it returns; not of an answer that leads elsewhere
 */

/**
 * @typedef {object} ConnectionOptions
 * @property {number} [bufferBytes] how much one read from the socket may bring
 * @property {boolean} [secure] HTTPS, whatever the certificate says
 */

/** @typedef {'head' | 'body' | 'chunk' | 'after chunk' | 'size' | 'trailer'} State */
/** @typedef {{ resolve: (answer: Answer) => void, reject: (error: Error) => void }} Waiting */

const headEnd = Buffer.from('\r\n\r\n')
const headLimit = 64 * 1024

/**
 * Reads answers off one connection, one at a time: status line, head, and a body framed by
 * `Content-Length` or by chunks. Body bytes are counted; only `onBody` sees them.
 */
export class ResponseReader {
  #onResponse
  /** @type {((bytes: Buffer) => unknown) | null} */
  #onBody = null
  /** @type {State} */
  #state = 'head'
  #bodyless = false
  #left = 0
  #line = ''
  /** @type {Buffer | null} */
  #kept = null
  /** @type {Answer} */
  #response = { status: 0, head: '', bytes: 0 }

  /** @param {(response: Answer) => void} onResponse */
  constructor(onResponse) {
    this.#onResponse = onResponse
  }

  /**
   * Call before each request.
   * @param {Reading} [reading]
   */
  expect({ bodyless = false, onBody = null } = {}) {
    this.#bodyless = bodyless
    this.#onBody = onBody
  }

  /**
   * Takes the bytes that arrived.
   * @param {Buffer} bytes
   * @throws {Error} when they are not an answer that it can frame
   */
  read(bytes) {
    let rest = bytes
    while (rest.length > 0) rest = this.#step(rest)
  }

  /**
   * @param {Buffer} bytes
   * @returns {Buffer} what is left of them
   */
  #step(bytes) {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes)
      case 'body':
      case 'chunk':
        return this.#readBody(bytes)
      default:
        return this.#readLine(bytes)
    }
  }

  /**
   * @param {Buffer} bytes
   * @returns {Buffer} what is left of them
   */
  #readHead(bytes) {
    const all = this.#kept === null ? bytes : Buffer.concat([this.#kept, bytes])
    const end = all.indexOf(headEnd)
    if (end < 0) {
      if (all.length > headLimit) throw new Error('the head of an answer is too long')
      // The socket reads into the same buffer again and again, so this must be a copy.
      this.#kept = Buffer.from(all)
      return all.subarray(all.length)
    }
    this.#kept = null
    this.#begin(all.toString('latin1', 0, end + 2))
    return all.subarray(end + 4)
  }

  /** @param {string} head */
  #begin(head) {
    const status = Number(head.slice(9, 12))
    if (!head.startsWith('HTTP/1.') || !(status >= 100)) {
      throw new Error(`not an HTTP answer: ${JSON.stringify(head.slice(0, 40))}`)
    }
    if (status < 200) return
    this.#response = { status, head, bytes: 0 }
    if (this.#bodyless || status === 204 || status === 304) return this.#finish()
    const length = headerOf(head, 'content-length')
    if (length !== null) {
      this.#left = Number(length)
      if (this.#left === 0) return this.#finish()
      this.#state = 'body'
    } else if (headerOf(head, 'transfer-encoding')?.toLowerCase() === 'chunked') {
      this.#state = 'size'
    } else {
      throw new Error(`an answer of ${status} says nothing about where it ends`)
    }
  }

  /**
   * @param {Buffer} bytes
   * @returns {Buffer} what is left of them
   */
  #readBody(bytes) {
    const taken = Math.min(this.#left, bytes.length)
    this.#left -= taken
    this.#response.bytes += taken
    const { status } = this.#response
    const leads = status >= 300 && status < 400
    if (this.#onBody !== null && !leads) this.#onBody(bytes.subarray(0, taken))
    if (this.#left === 0) {
      if (this.#state === 'chunk') this.#state = 'after chunk'
      else this.#finish()
    }
    return bytes.subarray(taken)
  }

  /**
   * @param {Buffer} bytes
   * @returns {Buffer} what is left of them
   */
  #readLine(bytes) {
    const end = bytes.indexOf(10)
    const taken = end < 0 ? bytes.length : end + 1
    this.#line += bytes.toString('latin1', 0, taken)
    if (this.#line.length > headLimit) throw new Error('a chunk of an answer has no end')
    if (end >= 0) {
      const line = this.#line.trim()
      this.#line = ''
      this.#takeLine(line)
    }
    return bytes.subarray(taken)
  }

  /** @param {string} line */
  #takeLine(line) {
    if (this.#state === 'after chunk') this.#state = 'size'
    else if (this.#state === 'size') {
      this.#left = Number.parseInt(line, 16)
      if (!(this.#left >= 0)) throw new Error(`not the size of a chunk: ${JSON.stringify(line)}`)
      this.#state = this.#left === 0 ? 'trailer' : 'chunk'
    } else if (line === '') this.#finish()
  }

  #finish() {
    this.#state = 'head'
    this.#onBody = null
    this.#onResponse(this.#response)
  }
}

/**
 * The value of the header `name` in the head of an answer, or null.
 * @param {string} head
 * @param {string} name
 */
export function headerOf(head, name) {
  return new RegExp(`\\r\\n${name}:[ \\t]*([^\\r\\n]*?)[ \\t]*\\r\\n`, 'i').exec(head)?.[1] ?? null
}

/** One keep-alive connection to a server on loopback, carrying one request at a time. */
export class Connection {
  #port
  #secure
  /** @type {import('node:net').Socket | null} */
  #socket = null
  #buffer
  #reader = new ResponseReader((answer) => this.#settle((waiting) => waiting.resolve(answer)))
  /** @type {Waiting | null} */
  #waiting = null
  /** @type {(() => void) | null} */
  #drained = null

  /**
   * @param {number} port
   * @param {ConnectionOptions} [options]
   */
  constructor(port, { bufferBytes = 64 * 1024, secure = false } = {}) {
    this.#port = port
    this.#secure = secure
    this.#buffer = Buffer.allocUnsafe(bufferBytes)
  }

  /**
   * Sends one request and resolves with its answer. `head` is the whole head as bytes; `pieces` is
   * the body as anything that yields Buffers, not touched before the answer is there. Rejects when
   * the connection breaks or the answer cannot be read.
   * @param {Buffer} head
   * @param {Reading & { pieces?: Iterable<Buffer> | null }} [options]
   * @returns {Promise<Answer>}
   */
  async exchange(head, { pieces = null, ...reading } = {}) {
    const socket = this.#socket ?? (await this.#connect())
    this.#reader.expect(reading)
    const answer = new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
    socket.write(head)
    if (pieces !== null) await this.#send(pieces)
    return answer
  }

  close() {
    this.#socket?.destroy()
    this.#socket = null
  }

  /** Reads nothing more until `resume`, so that the server finds its socket full. */
  pause() {
    this.#socket?.pause()
  }

  resume() {
    this.#socket?.resume()
  }

  /** @param {Iterable<Buffer>} pieces */
  async #send(pieces) {
    for (const piece of pieces) {
      // A refusal may come before the whole body is sent, and then the rest is not needed.
      if (this.#waiting === null || this.#socket === null) return
      if (!this.#socket.write(piece)) {
        await /** @type {Promise<void>} */ (
          new Promise((resolve) => {
            this.#drained = resolve
          })
        )
      }
    }
  }

  /** @returns {Promise<import('node:net').Socket>} */
  #connect() {
    // A broken connection may have left half an answer in the old reader.
    this.#reader = new ResponseReader((answer) =>
      this.#settle((waiting) => waiting.resolve(answer)),
    )
    return new Promise((resolve, reject) => {
      const socket = this.#secure ? this.#dialSecurely() : this.#dial()
      socket.once(this.#secure ? 'secureConnect' : 'connect', () => {
        this.#socket = socket
        resolve(socket)
      })
      socket.on('drain', () => this.#wake())
      socket.on('error', (error) => {
        this.#lost(error)
        reject(error)
      })
      socket.on('close', () => this.#lost(new Error('the server closed the connection')))
    })
  }

  #dial() {
    return connect({
      host: '127.0.0.1',
      port: this.#port,
      noDelay: true,
      onread: {
        buffer: this.#buffer,
        callback: (count) => this.#received(this.#buffer.subarray(0, count)),
      },
    })
  }

  #dialSecurely() {
    const socket = connectSecurely({
      host: '127.0.0.1',
      port: this.#port,
      rejectUnauthorized: false,
    })
    socket.setNoDelay(true)
    return socket.on('data', (bytes) => this.#received(bytes))
  }

  /** @param {Buffer} bytes */
  #received(bytes) {
    try {
      this.#reader.read(bytes)
    } catch (error) {
      this.#lost(error instanceof Error ? error : new Error(`${error}`))
      return false
    }
    return true
  }

  /** @param {Error} error */
  #lost(error) {
    this.#socket?.destroy()
    this.#socket = null
    this.#settle((waiting) => waiting.reject(error))
    this.#wake()
  }

  /** @param {(waiting: Waiting) => void} end */
  #settle(end) {
    const waiting = this.#waiting
    this.#waiting = null
    if (waiting !== null) end(waiting)
  }

  #wake() {
    const drained = this.#drained
    this.#drained = null
    drained?.()
  }
}
