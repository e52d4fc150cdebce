import { createHash } from 'node:crypto'
import type { DigestAlgorithm, Registry } from '../../../src/index.ts'
import type { Told } from './messages.ts'

/** What a name stands for: what was acknowledged, and what a request under way may make of it. */
export interface Expectation {
  /** Null: the name does not exist. */
  readonly now: Uint8Array | null
  /** Undefined: nothing is under way. */
  readonly next?: Uint8Array | null
}

/** An upload session that acknowledged some of its bytes. */
export interface OpenUpload {
  readonly location: string
  readonly bytes: Uint8Array
  readonly offset: number
}

/** What a client of a registry was told, by the paths under which it can be read. */
export class Ledger {
  readonly names: Map<string, Expectation> = new Map()
  upload: OpenUpload | null = null
  /** What is in the trash, and can be brought back to these paths; null while that is not known. */
  trashed: {
    readonly kind: 'manifest' | 'repository'
    readonly names: ReadonlyArray<readonly [path: string, bytes: Uint8Array]>
  } | null = null
  /** How many changes were told of. */
  told = 0
  /** What came at the receiver of messages, in that order; one may come twice. */
  received: readonly Told[] = []
  /** Requests that were acknowledged. */
  acknowledged = 0

  /**
   * Blobs that no tag's manifest names in their repository may be collected from now on: their leases are
   * over.
   */
  endLeases(): void {
    const named: Map<string, string> = new Map()
    for (const [path, { now }] of this.names) {
      const [repository = '', tag] = path.split('/manifests/')
      if (tag === undefined || now === null) continue
      named.set(repository, `${named.get(repository) ?? ''}${Buffer.from(now)}`)
    }
    for (const [path, { now }] of this.names) {
      const [repository = '', digest] = path.split('/blobs/')
      if (digest === undefined || named.get(repository)?.includes(digest)) continue
      this.names.set(path, { now, next: null })
    }
  }

  /** As it is now. */
  copy(): Ledger {
    const copy = new Ledger()
    for (const [name, expectation] of this.names) copy.names.set(name, expectation)
    copy.upload = this.upload
    copy.trashed = this.trashed
    copy.told = this.told
    copy.received = this.received
    copy.acknowledged = this.acknowledged
    return copy
  }

  /**
   * Sends a request that changes what is under a path. Unless it was acknowledged, it may have been
   * carried out or not.
   */
  async change(
    path: string,
    next: Uint8Array | null,
    send: () => Promise<Response>,
  ): Promise<Response> {
    const before = this.names.get(path)
    // What two requests at once do to a name, either may have done.
    this.names.set(path, { now: before?.now ?? null, next })
    const answer = await send()
    if (answer.ok) {
      this.acknowledged += 1
      this.names.set(path, { now: next })
    }
    return answer
  }
}

/** A client of a registry that keeps a ledger. */
export class LedgerClient {
  readonly registry: Registry
  readonly ledger: Ledger

  constructor(registry: Registry, ledger: Ledger) {
    this.registry = registry
    this.ledger = ledger
  }

  async send(
    method: string,
    path: string,
    body: Uint8Array | null = null,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const url = new URL(path, 'http://registry.test')
    const init = { method, headers, body: body === null ? null : new Uint8Array(body) }
    return await this.registry.fetch(new Request(url, init))
  }

  /** Pushes a blob in one request. */
  push(repository: string, bytes: Uint8Array, algorithm?: DigestAlgorithm): Promise<Response> {
    const digest = digestText(bytes, algorithm)
    const path = `/v2/${repository}/blobs/uploads/?digest=${digest}`
    return this.ledger.change(blobPath(repository, digest), bytes, () =>
      this.send('POST', path, bytes),
    )
  }

  deleteBlob(repository: string, bytes: Uint8Array): Promise<Response> {
    const path = blobPath(repository, digestText(bytes))
    return this.ledger.change(path, null, () => this.send('DELETE', path))
  }

  /** Pushes a manifest that names blobs, under a tag. */
  tag(repository: string, tag: string, manifest: Uint8Array): Promise<Response> {
    const path = `/v2/${repository}/manifests/${tag}`
    const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }
    return this.ledger.change(path, manifest, () => this.send('PUT', path, manifest, headers))
  }

  /** Deletes a manifest by its digest, and so the tag that stands for it. */
  untag(repository: string, tag: string, manifest: Uint8Array): Promise<Response> {
    const path = `/v2/${repository}/manifests/${digestText(manifest)}`
    return this.ledger.change(`/v2/${repository}/manifests/${tag}`, null, () =>
      this.send('DELETE', path),
    )
  }

  /** Opens an upload session and sends the first bytes of a blob. */
  async begin(repository: string, bytes: Uint8Array, offset: number): Promise<void> {
    const opened = await this.send('POST', `/v2/${repository}/blobs/uploads/`)
    const location = opened.headers.get('location') ?? ''
    const answer = await this.send('PATCH', location, bytes.subarray(0, offset))
    if (answer.status === 202) this.ledger.upload = { location, bytes, offset }
  }

  /** Sends the rest, and ends the session. */
  async finish(repository: string): Promise<Response | null> {
    const { upload } = this.ledger
    if (upload === null) return null
    const { location, bytes, offset } = upload
    const digest = digestText(bytes)
    this.ledger.upload = null
    return await this.ledger.change(blobPath(repository, digest), bytes, () =>
      this.send('PUT', `${location}?digest=${digest}`, bytes.subarray(offset)),
    )
  }

  /** What a path gives; null where it is a 404. @throws Error for any other status. */
  async read(path: string): Promise<Uint8Array | null> {
    const answer = await this.send('GET', path, null, { accept: '*/*' })
    if (answer.status === 404) return null
    if (answer.status !== 200) {
      throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`)
    }
    return new Uint8Array(await answer.arrayBuffer())
  }
}

/** Has a ledger say what became of the requests that were under way. */
export async function settle(client: LedgerClient): Promise<void> {
  for (const [path, { next }] of client.ledger.names) {
    if (next !== undefined) client.ledger.names.set(path, { now: await client.read(path) })
  }
}

export function blobPath(repository: string, digest: string): string {
  return `/v2/${repository}/blobs/${digest}`
}

export function digestText(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

/** An image manifest that names blobs, the first of them as its config. */
export function manifestOf(blobs: readonly Uint8Array[], note = ''): Uint8Array {
  const descriptors = blobs.map((bytes) => ({
    mediaType: 'application/octet-stream',
    digest: digestText(bytes),
    size: bytes.byteLength,
  }))
  const [config, ...layers] = descriptors
  const document = { schemaVersion: 2, config, layers, annotations: { note } }
  return new TextEncoder().encode(JSON.stringify(document))
}

/** Whether bytes are those that a name may stand for. */
export function isExpected(found: Uint8Array | null, { now, next }: Expectation): boolean {
  return isSame(found, now) || (next !== undefined && isSame(found, next))
}

function isSame(one: Uint8Array | null, other: Uint8Array | null): boolean {
  if (one === null || other === null) return one === other
  return Buffer.compare(one, other) === 0
}
