import {
  joined,
  type S3Body,
  type S3Request,
  type S3Response,
  type S3Transport,
  Silence,
} from './transport.ts'

/** The slowest connection a body is sent over, in bytes a second: fetch does not say how far it is. */
const slowestRate = 64 * 1024

/** A transport over the runtime's own `fetch`. */
export function fetchTransport(): S3Transport {
  return {
    send,
    async close() {},
  }
}

async function send(request: S3Request): Promise<S3Response> {
  const { method, url, idleMs } = request
  // The length is fetch's own to say.
  const { 'content-length': _, ...headers } = request.headers
  const given = new AbortController()
  // Streams are sent without a length, which S3 refuses, so the body is one array.
  const body = request.body.length === 0 ? null : joined(request.body)
  const limitMs = idleMs + ((body?.byteLength ?? 0) / slowestRate) * 1000
  const timer = setTimeout(() => given.abort(tooLate(limitMs)), limitMs)
  try {
    const init = { method, headers, redirect: 'manual', signal: given.signal } as const
    const response = await fetch(url, body === null ? init : { ...init, body: body as BodyInit })
    return {
      status: response.status,
      header: (name) => response.headers.get(name),
      body: new FetchBody(response.body, given, idleMs),
    }
  } finally {
    clearTimeout(timer)
  }
}

class FetchBody implements S3Body {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | null
  readonly #given: AbortController
  readonly #idleMs: number

  constructor(stream: ReadableStream<Uint8Array> | null, given: AbortController, idleMs: number) {
    this.#reader = stream?.getReader() ?? null
    this.#given = given
    this.#idleMs = idleMs
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#reader === null) return null
    const timer = setTimeout(() => this.#given.abort(tooLate(this.#idleMs)), this.#idleMs)
    try {
      return (await this.#reader.read()).value ?? null
    } finally {
      clearTimeout(timer)
    }
  }

  cancel(): void {
    this.#reader?.cancel().catch(() => {})
  }
}

function tooLate(ms: number): Error {
  return new Silence(`no answer for ${Math.round(ms / 1000)} s`)
}
