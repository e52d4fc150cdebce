import { fastCrc32 } from './checksum.ts'
import { expiresAt, KeptCredentials } from './credentials.ts'
import { fetchTransport } from './fetch-transport.ts'
import { nodeTransport } from './node-transport.ts'
import { type S3Credentials, type S3Options, type S3Settings, settingsOf } from './options.ts'
import { errorIn, errorOf, noAnswer, noCredentials, S3Error, toRegistryError } from './s3-error.ts'
import { encoded, Signer } from './signing.ts'
import {
  readWhole,
  type S3Body,
  type S3Request,
  type S3Response,
  type S3Transport,
} from './transport.ts'

/** One call of S3's interface. */
export interface S3Call {
  /** S3's name for it, such as `PutObject`: for errors. */
  readonly operation: string
  readonly method: S3Request['method']
  /** The object's; the bucket itself without one. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: readonly Uint8Array[]
  /** How long nothing may move, in milliseconds, where that is longer than usual. */
  readonly idleMs?: number
}

/** An answer that was read to its end. */
export interface S3Answer {
  readonly response: S3Response
  readonly text: string
  /** Whether an earlier try of the same call may have been carried out: its answer was lost. */
  readonly mayBeSecond: boolean
}

/** The first wait before a call is tried again, in milliseconds; each later one is twice as long at most. */
const firstWaitMs = 100

/** Makes calls: signed, and tried again where that may help. */
export class S3Client {
  readonly settings: S3Settings
  readonly transport: S3Transport
  readonly #credentials: KeptCredentials
  readonly #signer: Signer
  readonly #onCall: NonNullable<S3Options['onCall']>
  readonly #crc32: ReturnType<typeof fastCrc32>

  constructor(options: S3Options) {
    this.settings = settingsOf(options)
    this.transport = options.transport ?? nodeTransport(options.sockets ?? 256) ?? fetchTransport()
    this.#credentials = new KeptCredentials(options.credentials)
    this.#crc32 = this.settings.checksums ? fastCrc32() : null
    this.#onCall = options.onCall ?? (() => {})
    this.#signer = new Signer(this.settings.region)
  }

  /** Makes a call whose answer is short. @throws S3Error */
  async ask(call: S3Call): Promise<S3Answer> {
    return this.#tried(async (mayBeSecond) => {
      const response = await this.#send(call)
      const text = new TextDecoder().decode(await this.#read(call, response.body))
      // The answer to a completion or a copy begins before it is known how it ends.
      if (text.includes('<Error>')) throw errorOf(call.operation, response, text, 'InternalError')
      return { response, text, mayBeSecond }
    })
  }

  /** Makes a call; an error of one of the codes is returned. */
  expect(call: S3Call): Promise<S3Answer>
  expect(call: S3Call, ...codes: readonly string[]): Promise<S3Answer | S3Error>
  async expect(call: S3Call, ...codes: readonly string[]): Promise<S3Answer | S3Error> {
    try {
      return await this.ask(call)
    } catch (error) {
      if (error instanceof S3Error && codes.includes(error.code)) return error
      throw toRegistryError(error)
    }
  }

  /** Makes a call whose answer is bytes; the caller reads them. @throws S3Error */
  async open(call: S3Call): Promise<S3Response> {
    return this.#tried(() => this.#send(call))
  }

  /** One try of a call, for a caller that looks what became of it before the next. @throws S3Error */
  async once(call: S3Call): Promise<S3Answer> {
    const response = await this.#send(call)
    const text = new TextDecoder().decode(await this.#read(call, response.body))
    if (text.includes('<Error>')) throw errorOf(call.operation, response, text, 'InternalError')
    return { response, text, mayBeSecond: false }
  }

  /** Waits before the try after the `tries`-th; false where there is none. */
  async pause(error: S3Error, tries: number): Promise<boolean> {
    const { retries, longestWaitMs } = this.settings
    const mostRetries = error.isSilence ? Math.min(retries, silentRetries) : retries
    if (!error.isTransient || tries > mostRetries) return false
    const most = Math.min(firstWaitMs * 2 ** (tries - 1), longestWaitMs)
    // Half of it at least, and never the same for all who were turned away together.
    const own = most * (0.5 + Math.random() / 2)
    const asked = Math.min(error.retryAfterMs ?? 0, longestWaitMs)
    await new Promise((resolve) => {
      setTimeout(resolve, Math.max(own, asked))
    })
    return true
  }

  /** Whether a checksum is sent with bytes. */
  get hasChecksums(): boolean {
    return this.#crc32 !== null
  }

  /** The header with the checksum of bytes; none where there is no fast one. */
  checksum(body: readonly Uint8Array[]): Record<string, string> {
    return this.#crc32 === null ? {} : { 'x-amz-checksum-crc32': this.#crc32(body) }
  }

  /** A URL that the object can be got from for `ttlMs`; null where there is none. */
  async presigned(key: string, ttlMs: number): Promise<URL | null> {
    const { publicBase } = this.settings
    const credentials = await this.#lend(ttlMs).catch((error: unknown) => {
      throw toRegistryError(error)
    })
    if (expiresAt(credentials) < Date.now() + ttlMs) return null
    return this.#signer.presigned(urlOf(publicBase, this.pathOf(key), {}), credentials, ttlMs)
  }

  /** The object's name in the bucket. */
  pathOf(key: string): string {
    return this.settings.prefix + key
  }

  /** The same as a copy names what it copies. */
  sourceOf(key: string): string {
    const { bucket } = this.settings
    return `${bucket}/${this.pathOf(key)}`.split('/').map(encoded).join('/')
  }

  async #tried<T>(act: (mayBeSecond: boolean) => Promise<T>): Promise<T> {
    let mayBeSecond = false
    for (let tries = 1; ; tries += 1) {
      try {
        return await act(mayBeSecond)
      } catch (error) {
        if (!(error instanceof S3Error)) throw error
        if (!(await this.pause(error, tries))) throw error
        mayBeSecond ||= error.status === 0 || error.status >= 500
      }
    }
  }

  async #read({ operation }: S3Call, body: S3Body): Promise<Uint8Array> {
    try {
      return await readWhole(body)
    } catch (error) {
      throw noAnswer(operation, error)
    }
  }

  /** @throws S3Error */
  async #lend(leastMs?: number): Promise<S3Credentials> {
    try {
      return await this.#credentials.get(leastMs)
    } catch (error) {
      throw noCredentials(error)
    }
  }

  async #send(call: S3Call, isSecond = false): Promise<S3Response> {
    const { operation, method, key, query = {}, body = [] } = call
    const { settings } = this
    const url = urlOf(settings.base, key === undefined ? '' : this.pathOf(key), query)
    const credentials = await this.#lend()
    const headers = this.#signer.headers({ method, url, headers: headersOf(call) }, credentials)
    let response: S3Response
    const began = performance.now()
    const seconds = (): number => (performance.now() - began) / 1000
    try {
      const idleMs = call.idleMs ?? settings.idleMs
      response = await this.transport.send({ method, url, headers, body, idleMs })
    } catch (error) {
      this.#onCall(operation, seconds(), true)
      throw noAnswer(operation, error)
    }
    const { status } = response
    this.#onCall(operation, seconds(), status >= 300 && !isNotThere.has(status))
    if (status < 300) return response
    const error = await errorIn(operation, response)
    if (isSecond || !refusals.has(error.code)) throw error
    this.#credentials.refused(credentials)
    return this.#send(call, true)
  }
}

/** Tries after one that was not answered, for each of which a client waits; more would be longer than it does. */
const silentRetries = 1

/** Statuses that say an object is not there, or not as it was asked for. */
const isNotThere: ReadonlySet<number> = new Set([404, 412, 416])

/** Codes that say the credentials are not good any more. */
const refusals: ReadonlySet<string> = new Set([
  'ExpiredToken',
  'InvalidToken',
  'InvalidAccessKeyId',
])

function headersOf({ method, headers = {}, body = [] }: S3Call): Record<string, string> {
  if (method !== 'PUT' && method !== 'POST') return { ...headers }
  const length = body.reduce((sum, piece) => sum + piece.byteLength, 0)
  return { ...headers, 'content-length': `${length}` }
}

function urlOf(base: URL, path: string, query: Readonly<Record<string, string>>): URL {
  const name = path.split('/').map(encoded).join('/')
  // An object's name is taken as it is: a host-style bucket without a key is the slash alone.
  const url = new URL(base.href + name)
  if (path === '') url.pathname = url.pathname.replace(/(.)\/$/, '$1')
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  // As it is signed: a plus is not a space.
  url.search = url.search.replace(/\+/g, '%20')
  return url
}
