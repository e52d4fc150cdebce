import type { Digest } from '../../index.ts'
import { type Built, buildImage } from '../built-content.ts'
import { equals, holds } from '../contract.ts'
import { digestOfBytes } from '../samples.ts'
import type { RegistryFetch } from './registry-case.ts'

/** What came back, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
  /** The bytes as text. */
  readonly text: string
}

/** What goes with a request. */
export interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  /** A stream goes without a length. */
  readonly body?: Uint8Array | string | ReadableStream<Uint8Array>
}

/** Speaks to a registry as clients do, and knows their usual sequences. */
export class ContractClient {
  /** Repositories of this case alone. */
  readonly here: string
  readonly there: string
  readonly #fetch: RegistryFetch

  constructor(fetch: RegistryFetch) {
    this.#fetch = fetch
    const own = `contract/${crypto.randomUUID()}`
    this.here = `${own}/here`
    this.there = `${own}/there`
  }

  /** @param path below `/v2/`, or a whole one as in `Location` */
  async send(method: string, path: string, { headers, body }: Sent = {}): Promise<Answer> {
    const url = new URL(path, 'http://registry.test/v2/')
    const given = new Headers(headers)
    const init: RequestInit & { duplex?: 'half' } = { method, headers: given }
    if (body instanceof ReadableStream) {
      init.body = body
      init.duplex = 'half'
    } else if (method !== 'GET' && method !== 'HEAD') {
      const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
      given.set('Content-Length', String(bytes?.byteLength ?? 0))
      if (bytes !== undefined) init.body = Uint8Array.from(bytes)
    }
    const response = await this.#fetch(new Request(url, init))
    const bytes = new Uint8Array(await response.arrayBuffer())
    const { status, headers: told } = response
    return { status, headers: told, bytes, text: new TextDecoder().decode(bytes) }
  }

  /** As {@link send}, and the answer has this status. */
  async expect(status: number, method: string, path: string, sent?: Sent): Promise<Answer> {
    const answer = await this.send(method, path, sent)
    const said = answer.status < 400 ? '' : `, which said ${answer.text.slice(0, 300)}`
    equals(answer.status, status, `the status of ${method} ${path}${said}`)
    return answer
  }

  /** As {@link send}, and the answer is the specification's error with this status and code. */
  async refused(
    status: number,
    code: string,
    method: string,
    path: string,
    sent?: Sent,
  ): Promise<Answer> {
    const answer = await this.expect(status, method, path, sent)
    const { errors } = JSON.parse(answer.text) as { errors?: readonly Record<string, unknown>[] }
    holds(Array.isArray(errors) && errors.length > 0, `${method} ${path} says its errors`)
    for (const error of errors) {
      equals(error.code, code, `the code of ${method} ${path}`)
      holds(typeof error.message === 'string' && error.message !== '', 'an error has a message')
    }
    return answer
  }

  /** Opens a session and gives its path. */
  async openUpload(repository: string, query = ''): Promise<string> {
    const opened = await this.expect(202, 'POST', `${repository}/blobs/uploads/${query}`)
    return place(opened)
  }

  /** Pushes a blob as most clients do, POST and PUT. */
  async pushBlob(repository: string, content: Uint8Array | string): Promise<Digest> {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const digest = await digestOfBytes(bytes)
    const session = await this.openUpload(repository)
    await this.expect(201, 'PUT', withQuery(session, { digest }), { body: bytes })
    return digest
  }

  /** Pushes a manifest, whose parts are there, and gives its answer. */
  pushManifest(repository: string, reference: string, manifest: Built): Promise<Answer> {
    return this.expect(201, 'PUT', `${repository}/manifests/${reference}`, {
      headers: { 'Content-Type': manifest.descriptor.mediaType },
      body: manifest.bytes,
    })
  }

  /** Pushes what a manifest needs. */
  async pushParts(repository: string, { blobs, manifests }: Built): Promise<void> {
    for (const { bytes } of blobs) await this.pushBlob(repository, bytes)
    for (const child of manifests) await this.pushWhole(repository, child)
  }

  /** Pushes a manifest with all it needs, by its digest unless a tag is given. */
  async pushWhole(repository: string, built: Built, tag?: string): Promise<Digest> {
    await this.pushParts(repository, built)
    const { digest } = built.descriptor
    await this.pushManifest(repository, tag ?? digest, built)
    return digest
  }

  /** Pushes a small image, another for every text. */
  async pushImage(repository: string, tag: string, text = 'a layer'): Promise<Built> {
    const built = await buildImage({ layers: [text] })
    await this.pushWhole(repository, built, tag)
    return built
  }
}

/** Where an answer leads, without its host. */
export function place({ headers }: Answer): string {
  const location = headers.get('location')
  holds(location !== null, 'there is a Location')
  const { pathname, search } = new URL(location, 'http://registry.test')
  return `${pathname}${search}`
}

/** A path with these added to its query. */
export function withQuery(path: string, added: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(added)
  return `${path}${path.includes('?') ? '&' : '?'}${query}`
}

/** Bytes in pieces, as they come without a length. */
export function streamed(bytes: Uint8Array, piece = 10_000): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at < bytes.byteLength) controller.enqueue(bytes.slice(at, at + piece))
      else controller.close()
      at += piece
    },
  })
}
