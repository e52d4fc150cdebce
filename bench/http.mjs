// A client that costs as little as it can, because it shares the machine's cores with the server it
// measures: `node:http` would spend more on a small answer than a fast registry does.

import { connect } from 'node:net'

const headEnd = Buffer.from('\r\n\r\n')
const headLimit = 64 * 1024

/**
 * Reads answers off one connection, one at a time: status line, head, and a body framed by
 * `Content-Length` or by chunks. Body bytes are counted, and seen only by whoever asks for them.
 */
export class ResponseReader {
  #onResponse
  #onBody = null
  #state = 'head'
  #bodyless = false
  #left = 0
  #line = ''
  #kept = null
  #response = null

  /** @param {(response: { status: number, head: string, bytes: number }) => void} onResponse */
  constructor(onResponse) {
    this.#onResponse = onResponse
  }

  /**
   * Call before each request. `bodyless`: the answer is to a HEAD. `onBody` sees each piece, whose
   * memory is used again as soon as it returns.
   */
  expect({ bodyless = false, onBody = null } = {}) {
    this.#bodyless = bodyless
    this.#onBody = onBody
  }

  /** Takes the bytes that arrived. Throws an Error for what is not an answer it can frame. */
  read(bytes) {
    let rest = bytes
    while (rest.length > 0) rest = this.#step(rest)
  }

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

  #readHead(bytes) {
    const all = this.#kept === null ? bytes : Buffer.concat([this.#kept, bytes])
    const end = all.indexOf(headEnd)
    if (end < 0) {
      if (all.length > headLimit) throw new Error('the head of an answer is too long')
      // The socket reads into one buffer again and again, so what is kept must be a copy.
      this.#kept = Buffer.from(all)
      return all.subarray(all.length)
    }
    this.#kept = null
    this.#begin(all.latin1Slice(0, end + 2))
    return all.subarray(end + 4)
  }

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

  #readBody(bytes) {
    const taken = Math.min(this.#left, bytes.length)
    this.#left -= taken
    this.#response.bytes += taken
    if (this.#onBody !== null) this.#onBody(bytes.subarray(0, taken))
    if (this.#left === 0) {
      if (this.#state === 'chunk') this.#state = 'after chunk'
      else this.#finish()
    }
    return bytes.subarray(taken)
  }

  #readLine(bytes) {
    const end = bytes.indexOf(10)
    const taken = end < 0 ? bytes.length : end + 1
    this.#line += bytes.latin1Slice(0, taken)
    if (this.#line.length > headLimit) throw new Error('a chunk of an answer has no end')
    if (end >= 0) {
      const line = this.#line.trim()
      this.#line = ''
      this.#takeLine(line)
    }
    return bytes.subarray(taken)
  }

  #takeLine(line) {
    if (this.#state === 'after chunk') this.#state = 'size'
    else if (this.#state === 'size') {
      this.#left = Number.parseInt(line, 16)
      if (!(this.#left >= 0)) throw new Error(`not the size of a chunk: ${JSON.stringify(line)}`)
      this.#state = this.#left === 0 ? 'trailer' : 'chunk'
    } else if (line === '') this.#finish()
  }

  #finish() {
    const response = this.#response
    this.#state = 'head'
    this.#response = null
    this.#onBody = null
    this.#onResponse(response)
  }
}

/** The value of the header `name` (lower case) in the head of an answer, or null. */
export function headerOf(head, name) {
  return new RegExp(`\\r\\n${name}:[ \\t]*([^\\r\\n]*?)[ \\t]*\\r\\n`, 'i').exec(head)?.[1] ?? null
}

/** One keep-alive connection to a server on loopback, carrying one request at a time. */
export class Connection {
  #port
  #socket = null
  #buffer
  #reader = null
  #waiting = null
  #drained = null

  /** @param {number} bufferBytes how much one read from the socket may bring */
  constructor(port, bufferBytes = 64 * 1024) {
    this.#port = port
    this.#buffer = Buffer.allocUnsafe(bufferBytes)
  }

  /**
   * Sends one request and resolves with its answer. `head` is the whole head as bytes; `pieces` is
   * the body as anything that yields Buffers, not touched before the answer is there. Rejects when
   * the connection breaks or the answer cannot be read.
   */
  async exchange(head, { pieces = null, bodyless = false, onBody = null } = {}) {
    if (this.#socket === null) await this.#connect()
    this.#reader.expect({ bodyless, onBody })
    const answer = new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
    this.#socket.write(head)
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

  async #send(pieces) {
    for (const piece of pieces) {
      // A refusal may come before the body has gone, and then the rest need not go.
      if (this.#waiting === null || this.#socket === null) return
      if (!this.#socket.write(piece)) {
        await new Promise((resolve) => {
          this.#drained = resolve
        })
      }
    }
  }

  #connect() {
    // What a broken connection left half read must not be taken for the start of an answer.
    this.#reader = new ResponseReader((answer) =>
      this.#settle((waiting) => waiting.resolve(answer)),
    )
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: '127.0.0.1',
        port: this.#port,
        noDelay: true,
        onread: { buffer: this.#buffer, callback: (count) => this.#received(count) },
      })
      socket.once('connect', () => {
        this.#socket = socket
        resolve()
      })
      socket.on('drain', () => this.#wake())
      socket.on('error', (error) => {
        this.#lost(error)
        reject(error)
      })
      socket.on('close', () => this.#lost(new Error('the server closed the connection')))
    })
  }

  #received(count) {
    try {
      this.#reader.read(this.#buffer.subarray(0, count))
    } catch (error) {
      this.#lost(error)
      return false
    }
    return true
  }

  #lost(error) {
    this.#socket?.destroy()
    this.#socket = null
    this.#settle((waiting) => waiting.reject(error))
    this.#wake()
  }

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
