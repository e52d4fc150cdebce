import type { Access } from './ports/access.ts'
import type { BlobStore } from './ports/blob-store.ts'
import type { EventSink } from './ports/events.ts'
import type { MetadataStore } from './ports/metadata-store.ts'
import type { HashFactory } from './ports/streaming-hash.ts'
import type { UploadStore } from './ports/upload-store.ts'

/** What one registry holds and takes at most. Every limit has an error of its own. */
export interface RegistryLimits {
  /** A manifest, in bytes; larger is 413. The specification wants at least 4 MiB. */
  readonly manifestBytes: number
  /** Layers that an image manifest, or manifests that an index may name; more is 400. */
  readonly descriptorsPerManifest: number
  /** A blob, in bytes; larger is 413. */
  readonly blobBytes: number
  /** Upload sessions open at once; one more is 429. */
  readonly uploadSessions: number
  /** Upload sessions open at once for one principal (all anonymous callers are one); 429. */
  readonly uploadSessionsPerPrincipal: number
  /** Bytes held by unfinished uploads together; more is 429. */
  readonly uploadBytes: number
  /** A session not heard of for this long, in milliseconds, is ended and its bytes dropped. */
  readonly uploadIdleMs: number
  /** Entries in one page of tags or repositories; a larger `n` is cut to this. */
  readonly pageSize: number
  /** A page of referrers as it is sent, in bytes. Clients read 4 MiB at most. */
  readonly referrersBytes: number
  /** `tag` parameters in one manifest push; more is 414. */
  readonly tagsPerPush: number
  /** Memory for manifests that were read lately, in bytes. */
  readonly manifestCacheBytes: number
  /** How long, in milliseconds, a blob that was pushed, mounted or confirmed stays uncollected. */
  readonly leaseMs: number
}

const mib = 1024 * 1024

/** The limits where none are given. */
export const defaultLimits: RegistryLimits = {
  manifestBytes: 4 * mib,
  descriptorsPerManifest: 10_000,
  blobBytes: 1024 * 1024 * mib,
  uploadSessions: 10_000,
  uploadSessionsPerPrincipal: 10_000,
  uploadBytes: 1024 * 1024 * mib,
  uploadIdleMs: 24 * 60 * 60 * 1000,
  pageSize: 1000,
  referrersBytes: 4 * mib,
  tagsPerPush: 100,
  manifestCacheBytes: 64 * mib,
  leaseMs: 24 * 60 * 60 * 1000,
}

/** Where a registry keeps what it is given. */
export interface RegistryStores {
  readonly blobs: BlobStore
  readonly uploads: UploadStore
  readonly metadata: MetadataStore
}

/** Which pages of other origins may use a registry from a browser. */
export interface CorsOptions {
  /**
   * Origins as browsers send them, such as `https://ui.example.com`: their pages may read and write,
   * with credentials. `*` lets every page read what needs no credentials, and write nothing.
   */
  readonly origins: readonly string[] | '*'
}

/** What a registry is made of. With nothing given it keeps everything in memory. */
export interface RegistryOptions {
  /** All three, or none for memory. */
  readonly stores?: RegistryStores
  /** Default: the portable hash, which needs no runtime and is several times slower than a native one. */
  readonly hash?: HashFactory
  /** Default: everybody may do everything. */
  readonly access?: Access
  /** What stands before `/v2` in the public path, such as `/registry`. Default: nothing. */
  readonly prefix?: string
  /**
   * What the server around the registry cuts off the public path before it asks: all of `prefix`,
   * a part of it, or `prefix` and `/v2`. Default: nothing. Express's `use` cuts off its path, as do
   * `mount` of Hono, h3 and Elysia; Hono's `route` and Fastify's `all` do not.
   */
  readonly stripped?: string
  /** Take no changes at all: pulls and lists only. */
  readonly readOnly?: boolean
  /** Whether blobs, manifests and tags may be deleted. Default: true. */
  readonly deletes?: boolean
  /** Take manifests and indexes whose content is not all there. Default: false. */
  readonly allowSparse?: boolean
  /** Lets pages of other origins call the registry. Default: none. */
  readonly cors?: CorsOptions
  readonly limits?: Partial<RegistryLimits>
  /** Told of what no client is told. Default: nobody. */
  readonly events?: EventSink
  /**
   * Milliseconds since the epoch. Default: `steadyClock` of `layerdock/kit`, which neither leaps nor
   * goes back.
   */
  readonly clock?: () => number
}
