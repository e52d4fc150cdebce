import { createHash } from 'node:crypto'
import { mediaTypes } from '../../src/index.ts'

/** Something that answers requests without a network. */
export interface Fetcher {
  fetch(request: Request): Response | Promise<Response>
}

/** A request's headers and body. */
export interface Sending {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | ReadableStream<Uint8Array>
}

/** A descriptor in a manifest. */
export interface Described {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/** A pushed manifest. */
export interface Pushed {
  readonly digest: string
  readonly bytes: Uint8Array
}

/** Talks to a registry as real clients do. A push throws when one of its steps fails. */
export interface Client {
  send(method: string, path: string, sending?: Sending): Promise<Response>
  /** Pushes a blob in one step and returns its descriptor. */
  pushBlob(repository: string, content: string | Uint8Array): Promise<Described>
  /** Pushes an image manifest (`more` overrides its fields) with its blobs. */
  pushImage(repository: string, reference: string, more?: object): Promise<Pushed>
}

/** The client of a registry in this process, or of the one at a URL. */
export function clientOf(target: Fetcher | string): Client {
  const base = typeof target === 'string' ? target : 'http://registry.test'

  async function send(method: string, path: string, sending: Sending = {}): Promise<Response> {
    const init: RequestInit & { duplex?: 'half' } = { method }
    if (sending.headers !== undefined) init.headers = sending.headers
    if (sending.body !== undefined) {
      init.body = sending.body as BodyInit
      init.duplex = 'half'
    }
    const request = new Request(`${base}${path}`, init)
    return typeof target === 'string' ? fetch(request) : target.fetch(request)
  }

  async function pushBlob(repository: string, content: string | Uint8Array): Promise<Described> {
    const body = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const digest = digestOf(body)
    const path = `/v2/${repository}/blobs/uploads/?digest=${digest}`
    await expectStatus(await send('POST', path, { body }), 201)
    return { mediaType: mediaTypes.octetStream, digest, size: body.byteLength }
  }

  async function pushImage(
    repository: string,
    reference: string,
    more: object = {},
  ): Promise<Pushed> {
    const config = await pushBlob(repository, '{}')
    const bytes = jsonBytes({ ...imageOf(config), ...more })
    const path = `/v2/${repository}/manifests/${reference}`
    const headers = { 'Content-Type': mediaTypes.ociManifest }
    await expectStatus(await send('PUT', path, { headers, body: bytes }), 201)
    return { digest: digestOf(bytes), bytes }
  }

  return { send, pushBlob, pushImage }
}

/** The smallest image manifest around a config. */
export function imageOf(config: Described): Readonly<Record<string, unknown>> {
  return { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [] }
}

/** The digest of some bytes. */
export function digestOf(bytes: Uint8Array | string, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

/** A value as JSON in UTF-8. */
export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

/** The codes of an error envelope. */
export async function codesOf(response: Response): Promise<readonly string[]> {
  const { errors } = (await response.json()) as { errors: ReadonlyArray<{ code: string }> }
  return errors.map(({ code }) => code)
}

async function expectStatus(response: Response, status: number): Promise<void> {
  if (response.status === status) return
  throw new Error(`${response.status} instead of ${status}: ${await response.text()}`)
}
