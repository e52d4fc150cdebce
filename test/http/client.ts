import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { errorRows } from '../../src/oci/error-codes.ts'

/** What answers requests: a registry, or what it is mounted in. */
export interface Answering {
  fetch(request: Request): Response | Promise<Response>
}

/** Request headers, body and so on of one request. */
export interface Sending {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string | ReadableStream<Uint8Array>
}

/** Sends requests as clients do, Content-Length and all, and knows the usual sequences. */
export interface Client {
  send(method: string, path: string, sending?: Sending): Promise<Response>
  /** Opens a session and returns its path. */
  openUpload(repository: string, query?: string): Promise<string>
  /** Pushes a blob as most clients do, POST and PUT, and returns its digest. */
  pushBlob(repository: string, content: Uint8Array | string): Promise<string>
  /** Pushes a manifest and returns its digest. */
  pushManifest(
    repository: string,
    reference: string,
    manifest: object | string,
    mediaType?: string,
  ): Promise<string>
  /** Pushes a small image with its config and layer, and returns what it consists of. */
  pushImage(repository: string, reference: string, more?: object): Promise<PushedImage>
}

export interface PushedImage {
  readonly digest: string
  readonly config: string
  readonly layer: string
  readonly text: string
}

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
export const ociIndex = 'application/vnd.oci.image.index.v1+json'
export const ociConfig = 'application/vnd.oci.image.config.v1+json'
export const ociLayer = 'application/vnd.oci.image.layer.v1.tar+gzip'

/** The bytes of a text in UTF-8. */
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The digest of some content. */
export function digestOf(content: Uint8Array | string, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`
}

/** A digest of nothing that any test pushes. */
export const unknownDigest: string = `sha256:${'0'.repeat(64)}`

/** A descriptor of some content. */
export function descriptorOf(content: Uint8Array | string, mediaType: string): object {
  return { mediaType, digest: digestOf(content), size: Buffer.byteLength(content) }
}

/** A small image manifest, to be pushed with its config `{}` and a layer. */
export function imageManifest(layer: string, more: object = {}): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: ociManifest,
    config: descriptorOf('{}', ociConfig),
    layers: [descriptorOf(layer, ociLayer)],
    ...more,
  })
}

/** Makes a client of a registry; `headers` go with every request. */
export function clientOf(
  registry: Answering,
  headers: Readonly<Record<string, string>> = {},
): Client {
  async function send(method: string, path: string, sending: Sending = {}): Promise<Response> {
    const { body } = sending
    const given = new Headers({ ...headers, ...sending.headers })
    const init: RequestInit & { duplex?: 'half' } = { method, headers: given }
    if (body instanceof ReadableStream) {
      init.body = body
      init.duplex = 'half'
    } else if (method !== 'GET' && method !== 'HEAD') {
      const bytes = typeof body === 'string' ? utf8(body) : (body ?? new Uint8Array(0))
      if (!given.has('content-length')) given.set('Content-Length', String(bytes.byteLength))
      if (body !== undefined) init.body = bytes as BodyInit
    }
    const url = path.startsWith('http://') ? path : `http://registry.test${path}`
    return registry.fetch(new Request(url, init))
  }

  const client: Client = {
    send,

    async openUpload(repository, query = '') {
      const response = await send('POST', `/v2/${repository}/blobs/uploads/${query}`)
      expect(response.status).toBe(202)
      return response.headers.get('location') ?? ''
    },

    async pushBlob(repository, content) {
      const digest = digestOf(content)
      const session = await client.openUpload(repository)
      const response = await send('PUT', `${session}?digest=${digest}`, { body: content })
      expect(response.status).toBe(201)
      return digest
    },

    async pushManifest(repository, reference, manifest, mediaType = ociManifest) {
      const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest)
      const response = await send('PUT', `/v2/${repository}/manifests/${reference}`, {
        headers: { 'Content-Type': mediaType },
        body: text,
      })
      expect([response.status, await response.text()]).toEqual([201, ''])
      return response.headers.get('docker-content-digest') ?? ''
    },

    async pushImage(repository, reference, more = {}) {
      const layer = `a layer of ${repository}`
      const config = await client.pushBlob(repository, '{}')
      const layerDigest = await client.pushBlob(repository, layer)
      const text = imageManifest(layer, more)
      const digest = await client.pushManifest(repository, reference, text)
      return { digest, config, layer: layerDigest, text }
    },
  }
  return client
}

/** All headers of a response, for comparison with the whole list that is meant. */
export function headersOf(response: Response): Record<string, string> {
  return Object.fromEntries(response.headers)
}

/** What stands on every answer. */
export const always = {
  'docker-distribution-api-version': 'registry/2.0',
  'x-content-type-options': 'nosniff',
} as const

/** What stands on every error beside. */
export const alwaysOnErrors: Readonly<Record<string, string>> = {
  ...always,
  'content-type': 'application/json',
}

/** One entry of the error envelope. */
export interface ErrorEntry {
  readonly code: string
  readonly message: string
  readonly detail?: unknown
}

/**
 * Checks that a response is the specification's error envelope, with exactly the headers that are
 * always there and those given, and returns its entries.
 */
export async function expectError(
  response: Response,
  status: number,
  code: string,
  headers: Readonly<Record<string, unknown>> = {},
): Promise<readonly ErrorEntry[]> {
  const text = await response.text()
  expect([response.status, text]).toEqual([status, expect.stringContaining(code)])
  expect(headersOf(response)).toEqual({ ...alwaysOnErrors, ...headers })
  const { errors, ...rest } = JSON.parse(text) as { errors: readonly ErrorEntry[] }
  expect(rest).toEqual({})
  expect(errors.length).toBeGreaterThan(0)
  for (const entry of errors) {
    expect(entry.code).toBe(code)
    expect(entry.message).toMatch(/\S/)
    expect(Object.keys(entry).every((key) => ['code', 'message', 'detail'].includes(key))).toBe(
      true,
    )
  }
  expect(Object.values(errorRows).some((row) => row.code === code && row.status === status)).toBe(
    true,
  )
  return errors
}

/** A body that is sent when the test says so. */
export interface ControlledBody {
  readonly stream: ReadableStream<Uint8Array>
  push(bytes: Uint8Array | string): void
  end(): void
  /** As a connection that breaks. */
  fail(): void
  /** Resolves when the reader has given the body up. */
  readonly cancelled: Promise<void>
  /** Resolves when the reader has taken everything and waits for more. */
  drained(): Promise<void>
}

export function controlledBody(): ControlledBody {
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null
  let cancel = (): void => {}
  const cancelled = new Promise<void>((resolve) => {
    cancel = resolve
  })
  let hungry = (): void => {}
  let fed = new Promise<void>((resolve) => {
    hungry = resolve
  })
  const stream = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given
      },
      pull: () => hungry(),
      cancel: () => cancel(),
    },
    { highWaterMark: 0 },
  )
  return {
    stream,
    cancelled,
    push(bytes) {
      fed = new Promise((resolve) => {
        hungry = resolve
      })
      controller?.enqueue(typeof bytes === 'string' ? utf8(bytes) : bytes)
    },
    end: () => controller?.close(),
    fail: () => controller?.error(new TypeError('terminated')),
    drained: () => fed,
  }
}

/** A body in chunks, as sent without a Content-Length. */
export function chunkedBody(
  ...chunks: readonly (Uint8Array | string)[]
): ReadableStream<Uint8Array> {
  const body = controlledBody()
  for (const chunk of chunks) body.push(chunk)
  body.end()
  return body.stream
}
