import { RegistryError } from '../../oci/registry-error.ts'
import { type BlobWriter, ContentFault, type NamedContent } from '../content.ts'
import { problemIn } from './read-body.ts'
import type { RegistryClient } from './registry-client.ts'

/** Bytes of one request at most, which wait in memory. */
const chunkBytes = 8 * 1024 * 1024
const fewestBytes = 64 * 1024

/** What an upload is made with. */
export interface UploadDeps {
  readonly client: RegistryClient
  readonly scopes: readonly string[]
  /** Whether the repository has the blob by now: an answer may have been lost. */
  readonly isThere: () => Promise<boolean>
}

/**
 * Sends a blob to an upload session, in one request where it is small and in chunks where it is not. A chunk that
 * was lost is sent again from where the registry says it ended.
 */
export class Upload implements BlobWriter {
  readonly #deps: UploadDeps
  readonly #blob: NamedContent
  #location: URL
  #most: number
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  /** How many bytes the registry has. */
  #sent = 0
  #isOver = false

  /** @param least the smallest chunk that the registry wants, in bytes */
  constructor(deps: UploadDeps, blob: NamedContent, location: URL, least: number) {
    this.#deps = deps
    this.#blob = blob
    this.#location = location
    this.#most = Math.max(chunkBytes, Math.min(least, chunkBytes * 16))
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.byteLength
    while (this.#waitingBytes > this.#most) await this.#chunk(this.#take(this.#most))
  }

  async commit(): Promise<void> {
    const body = this.#take(this.#waitingBytes)
    let response = await this.#finish(body)
    if (response.status === 413 && this.#most > fewestBytes) {
      // A server on the way takes less in one request.
      await response.body?.cancel()
      this.#most = Math.ceil(Math.min(this.#most, body.byteLength) / 2)
      await this.#chunk(body)
      response = await this.#finish(new Uint8Array(0))
    }
    if (response.status === 201 || response.status === 204) {
      await response.body?.cancel()
      this.#isOver = true
      return
    }
    const problem = await problemIn(response)
    if (await this.#deps.isThere()) {
      this.#isOver = true
      return
    }
    // The session ended, or has another offset by now: from the beginning.
    if (response.status === 404 || response.status === 416) throw lost(problem)
    throw new ContentFault('refused', problem)
  }

  async discard(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    const { client, scopes } = this.#deps
    const response = await client.send(this.#location, { method: 'DELETE', scopes })
    await response.body?.cancel()
  }

  #finish(body: Uint8Array): Promise<Response> {
    const url = new URL(this.#location)
    url.searchParams.append('digest', this.#blob.digest)
    return this.#send('PUT', url, body)
  }

  async #chunk(bytes: Uint8Array): Promise<void> {
    let rest = bytes
    while (rest.byteLength > 0) {
      const part = rest.subarray(0, this.#most)
      const before = this.#sent
      const response = await this.#send('PATCH', this.#location, part)
      if (response.status === 202 || response.status === 204) {
        this.#follow(response)
        this.#sent = offsetIn(response) ?? before + part.byteLength
        await response.body?.cancel()
      } else if (response.status === 413 && this.#most > fewestBytes) {
        await response.body?.cancel()
        this.#most = Math.ceil(this.#most / 2)
        continue
      } else if (response.status === 416) {
        await response.body?.cancel()
        this.#sent = await this.#status()
      } else {
        const problem = await problemIn(response)
        if (response.status === 404) throw lost(problem)
        throw new ContentFault('refused', problem)
      }
      const gone = this.#sent - before
      // It may have kept a part of what was lost on the way, and never more than it was sent.
      if (gone < 0 || gone > rest.byteLength) throw lost(`it has ${this.#sent} bytes`)
      rest = rest.subarray(gone)
    }
  }

  /** Where the session stands. */
  async #status(): Promise<number> {
    const { client, scopes } = this.#deps
    const response = await client.send(this.#location, { scopes })
    if (response.status !== 204 && response.status !== 202) throw lost(await problemIn(response))
    await response.body?.cancel()
    this.#follow(response)
    return offsetIn(response) ?? 0
  }

  #send(method: string, url: URL, body: Uint8Array): Promise<Response> {
    const { client, scopes } = this.#deps
    const isChunk = method === 'PATCH'
    const range = `${this.#sent}-${this.#sent + body.byteLength - 1}`
    const headers = {
      'content-type': 'application/octet-stream',
      ...(isChunk || (this.#sent > 0 && body.byteLength > 0) ? { 'content-range': range } : {}),
    }
    return client.send(url, { method, headers, body, scopes })
  }

  #follow(response: Response): void {
    const location = response.headers.get('location')
    if (location === null) return
    const url = this.#deps.client.resolve(location, this.#location)
    if (url === null) throw new ContentFault('refused', 'it sends the upload to another server')
    this.#location = url
  }

  #take(most: number): Uint8Array {
    const size = Math.min(most, this.#waitingBytes)
    const bytes = new Uint8Array(size)
    let at = 0
    while (at < size) {
      const first = this.#waiting[0] ?? new Uint8Array(0)
      const part = first.subarray(0, size - at)
      bytes.set(part, at)
      at += part.byteLength
      if (part.byteLength === first.byteLength) this.#waiting.shift()
      else this.#waiting[0] = first.subarray(part.byteLength)
    }
    this.#waitingBytes -= size
    return bytes
  }
}

/** `Range: 0-1023` says 1024; `0-0` and none say nothing certain. */
function offsetIn(response: Response): number | null {
  const end = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.get('range') ?? '')?.[1]
  return end === undefined || end === '0' ? null : Number(end) + 1
}

/** The session is of no use any more: the blob is sent again in another. */
function lost(problem: string): RegistryError {
  return new RegistryError('unavailable', { cause: new Error(`the upload was lost: ${problem}`) })
}
