import type { Access, Peer } from './ports/access.ts'
import type { BlobStore } from './ports/blob-store.ts'
import type { EventSink, RegistryEvent } from './ports/events.ts'
import type { MetadataStore } from './ports/metadata-store.ts'
import type { NoticeSink } from './ports/notices.ts'
import type { RequestObserver } from './ports/observer.ts'
import type { OutboxMessage } from './ports/outbox.ts'
import type { BlobInfo, RegistryService } from './ports/registry-service.ts'
import type { HashFactory } from './ports/streaming-hash.ts'
import type { Tracing } from './ports/tracing.ts'
import type { UploadStore } from './ports/upload-store.ts'

/** What one registry holds and takes at most. Every limit has an error of its own. */
export interface RegistryLimits {
  /** A manifest, in bytes; larger is 413. The specification wants at least 4 MiB. */
  readonly manifestBytes: number
  /**
   * Memory for manifests on their way in, all together, in bytes; one that finds no room waits, then 429.
   * At least twice `manifestBytes` in any case.
   */
  readonly manifestBodyBytes: number
  /** Layers that an image manifest, or manifests that an index may name; more is 400. */
  readonly descriptorsPerManifest: number
  /** A blob, in bytes; larger is 413. */
  readonly blobBytes: number
  /** Upload sessions open at once; one more is 429. */
  readonly uploadSessions: number
  /**
   * Upload sessions open at once for one principal, or for one address of anonymous callers. One more
   * ends the owner's oldest session without bytes; where each has bytes, it is 429.
   */
  readonly uploadSessionsPerOwner: number
  /** Bytes held by unfinished uploads together; more is 429. */
  readonly uploadBytes: number
  /**
   * Bytes held by the unfinished uploads of one principal, or of one address of anonymous callers; more
   * is 429. A blob that is larger by itself is 413. Null for half of `uploadBytes`. Callers that cannot be
   * told apart share all of `uploadBytes`.
   */
  readonly uploadBytesPerOwner: number | null
  /** A session not heard of for this long, in milliseconds, is ended and its bytes dropped. */
  readonly uploadIdleMs: number
  /** Entries in one page of tags or repositories; a larger `n` is cut to this. */
  readonly pageSize: number
  /** A page of referrers as it is sent, in bytes. Clients read 4 MiB at most. */
  readonly referrersBytes: number
  /** `tag` parameters in one manifest push; more is 414. */
  readonly tagsPerPush: number
  /**
   * Memory for manifests that were read lately, in bytes. A registry in a folder has a quarter as much, beside
   * it, for small blobs.
   */
  readonly manifestCacheBytes: number
  /** How long, in milliseconds, a blob that was pushed, mounted or confirmed stays uncollected. */
  readonly leaseMs: number
  /**
   * How long, in milliseconds, a tag, manifest, blob or repository that was deleted can be brought back. Its bytes
   * stay as long. 0: not at all. Where the metadata keep no trash, every deletion is for good.
   */
  readonly trashMs: number
}

const mib = 1024 * 1024

/** The limits where none are given. */
export const defaultLimits: RegistryLimits = {
  manifestBytes: 4 * mib,
  manifestBodyBytes: 64 * mib,
  descriptorsPerManifest: 10_000,
  blobBytes: 1024 * 1024 * mib,
  uploadSessions: 10_000,
  uploadSessionsPerOwner: 2_000,
  uploadBytes: 2 * 1024 * 1024 * mib,
  uploadBytesPerOwner: null,
  uploadIdleMs: 24 * 60 * 60 * 1000,
  pageSize: 1000,
  referrersBytes: 4 * mib,
  tagsPerPush: 100,
  manifestCacheBytes: 64 * mib,
  leaseMs: 24 * 60 * 60 * 1000,
  trashMs: 24 * 60 * 60 * 1000,
}

/** Where a registry keeps what it is given. */
export interface RegistryStores {
  /**
   * For these names alone. Registries with other metadata must not keep their bytes in the same place:
   * a sweep deletes the bytes that its own metadata has no name for.
   */
  readonly blobs: BlobStore
  readonly uploads: UploadStore
  readonly metadata: MetadataStore
  /** The clock of timestamps, where several nodes need one. Default: the registry's own. */
  readonly clock?: () => number
}

/** Which pages of other origins may use a registry from a browser. */
export interface CorsOptions {
  /**
   * Origins as browsers send them, such as `https://ui.example.com`: their pages may read and write,
   * with credentials. `*` lets every page read what needs no credentials, and write nothing.
   */
  readonly origins: readonly string[] | '*'
}

/** Whether a blob's bytes are fetched from the store itself, where the store can say from where. */
export type RedirectPolicy = 'on' | 'off' | ((blob: BlobInfo, peer: Peer) => boolean)

/** How a service is served over HTTP. */
export interface ServiceAppOptions {
  /** Default: everybody may do everything. */
  readonly access?: Access
  /** Lets pages of other origins call the registry. Default: none. */
  readonly cors?: CorsOptions
  /** What stands before `/v2` in the public path, such as `/registry`. Default: nothing. */
  readonly prefix?: string
  /**
   * What the server around the registry cuts off the public path before it asks: all of `prefix`,
   * a part of it, or `prefix` and `/v2`. Default: nothing. Express's `use` cuts off its path, as do
   * `mount` of Hono, h3 and Elysia; Hono's `route` and Fastify's `all` do not.
   */
  readonly stripped?: string
  readonly limits?: Partial<RegistryLimits>
  /**
   * Whether a GET of a blob is answered with a redirect to the store (307), where the store can
   * presign one. HEAD and manifests never are. Default: off.
   */
  readonly redirect?: RedirectPolicy
  /**
   * 32 random bytes that all nodes of a registry have, so that a `Link` of the catalog which must not tell a
   * name opens on each of them. Default: bytes of the process; then it is a 400 elsewhere.
   */
  readonly cursorSecret?: Uint8Array
  /** Called with a report of every request, once it has ended. */
  readonly observe?: RequestObserver
  /** Called with what an operator may want to know of and no client is told. */
  readonly onNotice?: NoticeSink
  /** Makes spans of requests, of calls of the service and of its stores: `tracing()` of `layerdock/tracing`. Default: none. */
  readonly tracing?: Tracing | undefined
}

/** What a registry is made of. With nothing given it keeps everything in memory. */
export interface RegistryOptions extends ServiceAppOptions {
  /**
   * All three, or none for memory. `close` of the registry leaves stores that are given here open:
   * the program that opened them closes them.
   */
  readonly stores?: RegistryStores
  /** Default: the portable hash, which needs no runtime and is several times slower than a native one. */
  readonly hash?: HashFactory
  /** Take no changes at all: pulls and lists only. */
  readonly readOnly?: boolean
  /** Whether blobs, manifests, tags and repositories may be deleted. Default: true. */
  readonly deletes?: boolean
  /**
   * Hash blobs as they are read whole: one whose bytes are wrong is noted as missing, so that a push heals it, and the
   * transfer is cut before its end, so that no client takes it for whole. Files are then not sent by the kernel, and
   * each byte costs time of the processor. Parts of blobs, and what clients fetch from the store itself, are not
   * hashed. Default: false.
   */
  readonly verifyReads?: boolean
  /** Take manifests and indexes whose content is not all there. Default: false. */
  readonly allowSparse?: boolean
  /**
   * A function around the service, for HTTP and for `registry.service` alike: it returns a service that
   * changes, counts or refuses what it wants to. `readOnly` and `deletes` apply outside of it. What it
   * throws, when the registry is made, is thrown there.
   *
   * @example
   * const wrap = (service: RegistryService): RegistryService => ({
   *   ...service,
   *   async deleteManifest(call, repository, reference) {
   *     if (call.principal?.id !== 'admin') throw new RegistryError('denied')
   *     return service.deleteManifest(call, repository, reference)
   *   },
   * })
   */
  readonly wrap?: (service: RegistryService, stores: RegistryStores) => RegistryService
  /** Called with every change, once it is durable. See {@link EventSink}. */
  readonly onEvent?: EventSink
  /**
   * Says what is to be sent because of a change, and to whom. Called with its event in the step that makes the change;
   * the messages are stored with it, in the `outbox` of the metadata, and so outlive the process. Synchronous. What it
   * throws is a notice, and then there is no message. It may be called again for a step that is made again. Not
   * called for pulls.
   */
  readonly outbox?: (event: RegistryEvent) => readonly OutboxMessage[]
  /** Whether pulls are events too. Default: false. */
  readonly pullEvents?: boolean
  /**
   * Milliseconds since the epoch. Default: the stores' clock, or `steadyClock` of `layerdock/kit`,
   * which neither leaps nor goes back.
   */
  readonly clock?: () => number
}
