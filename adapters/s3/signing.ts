import { AwsV4Signer } from 'aws4fetch'
import { expiresAt, type KeptCredentials } from './credentials.ts'
import type { S3Credentials } from './options.ts'

/** A request as it is to be signed. */
export interface Unsigned {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Signs requests (AWS Signature Version 4). The payload is not part of the signature: TLS protects it on its way,
 * and a checksum tells of accidents.
 */
export class Signer {
  readonly #region: string
  readonly #credentials: KeptCredentials
  /** Keys that are derived from the credentials, for the day. */
  readonly #derived: Map<string, ArrayBuffer> = new Map()

  constructor(region: string, credentials: KeptCredentials) {
    this.#region = region
    this.#credentials = credentials
  }

  /** The headers of a request, signed, and the credentials they are signed with. */
  async headers(
    request: Unsigned,
  ): Promise<{ readonly headers: Record<string, string>; readonly with: S3Credentials }> {
    const credentials = await this.#credentials.get()
    const signed = await this.#signer(request, credentials).sign()
    const headers: Record<string, string> = {}
    new Headers(signed.headers).forEach((value, name) => {
      headers[name] = value
    })
    return { headers, with: credentials }
  }

  /** The URL with its signature in it, good for `ttlMs`; null where the credentials end before. */
  async presigned(url: URL, ttlMs: number): Promise<URL | null> {
    const credentials = await this.#credentials.get(ttlMs)
    if (expiresAt(credentials) < Date.now() + ttlMs) return null
    const target = new URL(url)
    target.searchParams.set('X-Amz-Expires', `${Math.min(Math.ceil(ttlMs / 1000), longestSeconds)}`)
    const request = { method: 'GET', url: target, headers: {} }
    const signed = await this.#signer(request, credentials, true).sign()
    return new URL(signed.url)
  }

  #signer(request: Unsigned, credentials: S3Credentials, signQuery = false): AwsV4Signer {
    // One day's keys are few; yesterday's are not needed again.
    if (this.#derived.size > 8) this.#derived.clear()
    const { accessKeyId, secretAccessKey, sessionToken } = credentials
    return new AwsV4Signer({
      method: request.method,
      url: request.url.href,
      headers: request.headers,
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      service: 's3',
      region: this.#region,
      cache: this.#derived,
      signQuery,
    })
  }
}

/** A week: S3 refuses more. */
const longestSeconds = 7 * 24 * 60 * 60
