import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { S3Credentials } from './options.ts'

/** A request as it is to be signed; its path is encoded already. */
export interface Unsigned {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

/** A week: S3 refuses more. */
const longestSeconds = 7 * 24 * 60 * 60
const algorithm = 'AWS4-HMAC-SHA256'
/** The payload is not signed: TLS protects it on its way, and a checksum tells of accidents. */
const payload = 'UNSIGNED-PAYLOAD'

/**
 * Signs requests (AWS Signature Version 4), for one region. Texts this short are signed several times faster at once
 * than by the asynchronous functions of WebCrypto.
 */
export class Signer {
  readonly #region: string
  /** The key derived from a secret, for the day. */
  #derived: { readonly of: string; readonly key: Uint8Array } = { of: '', key: new Uint8Array(0) }

  constructor(region: string) {
    this.#region = region
  }

  /** The headers of a request with its signature. */
  headers(
    { method, url, headers }: Unsigned,
    credentials: S3Credentials,
    now: Date = new Date(),
  ): Record<string, string> {
    const time = timeOf(now)
    const { sessionToken } = credentials
    const all: Record<string, string> = {
      ...headers,
      'x-amz-content-sha256': payload,
      'x-amz-date': time,
      ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    }
    const names = Object.keys(all).filter((name) => name.startsWith('x-amz-'))
    const signed = ['host', ...names].sort()
    const lines = signed.map(
      (name) => `${name}:${name === 'host' ? url.host : trimmed(all[name])}\n`,
    )
    const query = queryOf(url.searchParams)
    const list = signed.join(';')
    const canonical = [method, url.pathname, query, lines.join(''), list, payload].join('\n')
    const signature = this.#sign(canonical, time, credentials)
    const credential = `${credentials.accessKeyId}/${this.#scope(time)}`
    const authorization = `${algorithm} Credential=${credential}, SignedHeaders=${list}, Signature=${signature}`
    return { ...all, authorization }
  }

  /** The URL of a GET with its signature in it, good for `ttlMs`. */
  presigned(url: URL, credentials: S3Credentials, ttlMs: number, now: Date = new Date()): URL {
    const time = timeOf(now)
    const target = new URL(url)
    const { searchParams } = target
    searchParams.set('X-Amz-Algorithm', algorithm)
    searchParams.set('X-Amz-Credential', `${credentials.accessKeyId}/${this.#scope(time)}`)
    searchParams.set('X-Amz-Date', time)
    searchParams.set('X-Amz-Expires', `${Math.min(Math.ceil(ttlMs / 1000), longestSeconds)}`)
    if (credentials.sessionToken !== undefined) {
      searchParams.set('X-Amz-Security-Token', credentials.sessionToken)
    }
    searchParams.set('X-Amz-SignedHeaders', 'host')
    const query = queryOf(searchParams)
    const canonical = `GET\n${url.pathname}\n${query}\nhost:${url.host}\n\nhost\n${payload}`
    target.search = `${query}&X-Amz-Signature=${this.#sign(canonical, time, credentials)}`
    return target
  }

  #scope(time: string): string {
    return `${time.slice(0, 8)}/${this.#region}/s3/aws4_request`
  }

  #sign(canonical: string, time: string, { secretAccessKey }: S3Credentials): string {
    const digest = bytesToHex(sha256(utf8ToBytes(canonical)))
    const text = `${algorithm}\n${time}\n${this.#scope(time)}\n${digest}`
    return bytesToHex(hmac(sha256, this.#key(secretAccessKey, time), utf8ToBytes(text)))
  }

  #key(secret: string, time: string): Uint8Array {
    const of = `${secret} ${time.slice(0, 8)}`
    if (this.#derived.of !== of) {
      let key: Uint8Array = utf8ToBytes(`AWS4${secret}`)
      for (const text of this.#scope(time).split('/')) key = hmac(sha256, key, utf8ToBytes(text))
      this.#derived = { of, key }
    }
    return this.#derived.key
  }
}

/** As `20260101T000000Z`. */
function timeOf(now: Date): string {
  return now.toISOString().replace(/[:-]|\.\d{3}/g, '')
}

function trimmed(value = ''): string {
  return value.trim().replace(/\s+/g, ' ')
}

function queryOf(parameters: URLSearchParams): string {
  return [...parameters]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&')
}

/** A text as it stands in a path or a query, of which S3 wants more encoded than a URL needs. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
