import type { ServerResponse } from 'node:http'
import type { AdminLine, OperationError } from './lines.ts'

/** How often progress is sent, at most, in milliseconds. */
const progressEveryMs = 100
/** Bytes that one line holds, at most: a caller takes them line by line. */
const bytesTogether = 48 * 1024

/** An answer of the admin endpoint: lines of JSON. */
export class ResponseLines {
  readonly #response: ServerResponse
  readonly #gone: AbortController = new AbortController()
  #progressAt = Number.NEGATIVE_INFINITY
  #isOver = false

  constructor(response: ServerResponse) {
    this.#response = response
    const close = (): void => {
      if (!this.#isOver) this.#gone.abort(new Error('who asked went away'))
    }
    response.once('close', close)
    response.once('error', close)
    // Not every runtime tells the response.
    response.socket?.once('close', close)
  }

  /** Aborts when the caller goes away before the end. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  begin(): void {
    this.#response.writeHead(200, headers)
    this.#response.flushHeaders()
  }

  /** Answers a request of which nothing was done. */
  refuse(status: number, error: OperationError): void {
    if (this.#response.headersSent) return
    this.#isOver = true
    this.#response.writeHead(status, headers)
    this.#response.end(text({ error }))
  }

  /** Sends how far an operation is, now and then; not while the caller does not read. */
  progress(progress: unknown): void {
    const now = performance.now()
    if (now - this.#progressAt < progressEveryMs || this.#response.writableNeedDrain) return
    this.#progressAt = now
    this.#write({ progress })
  }

  /** Sends bytes; resolves when the caller takes more. @throws Error when it went away. */
  async bytes(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += bytesTogether) {
      this.gone.throwIfAborted()
      const part = bytes.subarray(at, at + bytesTogether)
      const base64 = Buffer.from(part.buffer, part.byteOffset, part.length).toString('base64')
      if (!this.#write({ bytes: base64 })) await this.#drained()
    }
  }

  end(last: AdminLine): void {
    if (this.#isOver) return
    this.#isOver = true
    if (!this.gone.aborted) this.#response.end(text(last))
  }

  #write(line: AdminLine): boolean {
    if (this.#isOver || this.gone.aborted) return true
    return this.#response.write(text(line))
  }

  #drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { signal } = this.#gone
      const fail = (): void => reject(signal.reason)
      if (signal.aborted) return fail()
      signal.addEventListener('abort', fail, { once: true })
      this.#response.once('drain', () => {
        signal.removeEventListener('abort', fail)
        resolve()
      })
    })
  }
}

const headers = {
  'Content-Type': 'application/x-ndjson',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  Connection: 'close',
}

function text(line: AdminLine): string {
  return `${JSON.stringify(line)}\n`
}
