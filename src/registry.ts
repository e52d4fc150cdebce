import type { CoreDeps } from './core/deps.ts'
import { digestLocks } from './core/digest-locks.ts'
import type { GarbageReport } from './core/garbage.ts'
import { readOnly, withoutDeletes } from './core/read-only.ts'
import { createCore } from './core/service.ts'
import { createApp } from './http/app.ts'
import { createCors } from './http/cors.ts'
import { memoryBlobs } from './memory/blob-store.ts'
import { portableHash } from './memory/portable-hash.ts'
import { memoryUploads } from './memory/upload-store.ts'
import { memoryMetadata } from './metadata/store.ts'
import { defaultLimits, type RegistryOptions, type RegistryStores } from './options.ts'
import type { RegistryService } from './ports/registry-service.ts'

/** A registry: a fetch handler, the service behind it, and its housekeeping. */
export interface Registry {
  /**
   * Answers a request. Needs nothing but Web standards; never rejects.
   *
   * @param context what the runtime hands to a Hono app as its bindings
   */
  fetch(request: Request, context?: object): Response | Promise<Response>
  /**
   * The same routes as a Hono app, for `app.route('/', registry.app)` in an app of any hono 4 version.
   * Middleware that is added to it does not apply to {@link fetch}: put that into an app of your own,
   * around either.
   *
   * The type is `any`: the class `Hono` has private members, so TypeScript refuses the one of another
   * installed copy, and no structural type can stand for it. Annotate it where you want the type
   * (`const app: Hono = registry.app`). Where the type of your app matters (`hc<typeof app>`), write
   * `app.route('/', registry.app)` as a statement of its own and do not use what it returns.
   */
  // biome-ignore lint/suspicious/noExplicitAny: explained above
  readonly app: any
  /** The registry without HTTP. */
  readonly service: RegistryService
  /** Ends upload sessions that were idle too long. Worth calling every minute or so. */
  expireUploads(): Promise<void>
  /** Deletes the bytes of blobs that no manifest names and whose leases are over. */
  collectGarbage(): Promise<GarbageReport>
  /** Makes everything durable and lets go of the stores. */
  close(): Promise<void>
}

/**
 * Makes a registry (OCI Distribution Specification, end-1 to end-14, and `_catalog`).
 *
 * @throws TypeError when `prefix` or `stripped` is not a path, the public path does not begin with
 *   `stripped`, or `cors` lists something that is not an origin.
 */
export function createRegistry(options: RegistryOptions = {}): Registry {
  const limits = { ...defaultLimits, ...options.limits }
  const clock = options.clock ?? steadyClock()
  const stores = options.stores ?? memoryStores({ clock })
  const events = options.events ?? (() => {})
  const parts: CoreDeps = {
    ...stores,
    hash: options.hash ?? portableHash,
    limits,
    allowSparse: options.allowSparse ?? false,
    events,
    clock,
    locks: digestLocks(),
  }
  const core = createCore(parts)
  const service = restricted(core.service, options)
  const prefix = checkedPath('prefix', options.prefix ?? '')
  const http = createApp(
    {
      service,
      limits,
      access: options.access ?? null,
      cors: options.cors === undefined ? null : createCors(options.cors),
      events,
      prefix,
    },
    withoutStripped(`${prefix}/v2`, checkedPath('stripped', options.stripped ?? '')),
  )
  return {
    get app() {
      return http.app
    },
    fetch: http.fetch,
    service,
    expireUploads: core.expireUploads,
    collectGarbage: core.collectGarbage,
    close: () => stores.metadata.close(),
  }
}

/** Stores that forget everything when the process ends. */
export function memoryStores(options: { readonly clock?: () => number } = {}): RegistryStores {
  const clock = options.clock ?? steadyClock()
  return {
    blobs: memoryBlobs(),
    uploads: memoryUploads({ clock }),
    metadata: memoryMetadata(),
  }
}

function restricted(service: RegistryService, options: RegistryOptions): RegistryService {
  if (options.readOnly === true) return readOnly(service)
  return options.deletes === false ? withoutDeletes(service) : service
}

/**
 * Milliseconds since the epoch by a clock that neither leaps nor goes back while the process runs, so
 * that nothing expires early.
 */
export function steadyClock(): () => number {
  const started = Date.now() - performance.now()
  return () => started + performance.now()
}

/** What is left of the API's public path behind a server that cuts off its beginning. */
function withoutStripped(path: string, stripped: string): string {
  if (`${path}/`.startsWith(`${stripped}/`)) return path.slice(stripped.length)
  throw new TypeError(`stripped ${JSON.stringify(stripped)} is not how ${path} begins`)
}

function checkedPath(option: string, path: string): string {
  const bare = path.replace(/\/+$/, '')
  if (bare === '' || /^(?:\/[A-Za-z0-9._~-]+)+$/.test(bare)) return bare
  throw new TypeError(`${option} ${JSON.stringify(path)} is not a path such as /registry`)
}
