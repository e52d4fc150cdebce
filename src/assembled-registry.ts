import { safeNotices } from './core/callbacks.ts'
import type { ConditionalDeletes } from './core/conditional-deletes.ts'
import { eventHub } from './core/events.ts'
import type { GarbageOptions, GarbageReport, SweepReport } from './core/garbage.ts'
import { plainService } from './core/plain-service.ts'
import { readOnly, withoutDeletes } from './core/read-only.ts'
import { createCore } from './core/service.ts'
import { steadyClock } from './oci/steady-clock.ts'
import { defaultLimits, type RegistryOptions, type RegistryStores } from './options.ts'
import type { EventSink } from './ports/events.ts'
import type { RegistryFigures } from './ports/figures.ts'
import type { MissingBytes } from './ports/metadata-store.ts'
import type { RegistryService } from './ports/registry-service.ts'
import type { HashFactory } from './ports/streaming-hash.ts'
import type { Tracing } from './ports/tracing.ts'
import { type AnswerBeside, type HttpRoutes, serviceRoutes } from './service-routes.ts'

/** A registry: a fetch handler, the service behind it, and its maintenance. */
export interface AssembledRegistry {
  /**
   * Answers a request. Needs nothing but Web standards; never rejects.
   *
   * @param context what the runtime hands to a Hono app as its bindings; an `Access` sees it
   */
  fetch(request: Request, context?: object): Response | Promise<Response>
  /** Whether it was given `observe` or `tracing`: a server then tells it how answers end. */
  readonly observed: boolean
  /**
   * Answers a request by something that stands beside the API, such as the web page of `layerdock/ui`. The registry's
   * observer and notices hear of it as of its own requests. Never rejects.
   *
   * @param answer gets a function that says what a client is told of an error
   */
  answerWith(request: Request, answer: AnswerBeside): Response | Promise<Response>
  /** The registry without HTTP. */
  readonly service: RegistryService
  /** Which changes it takes from clients, by `readOnly` and `deletes`. */
  readonly takes: { readonly writes: boolean; readonly deletes: boolean }
  /** How long what was deleted can be brought back, in milliseconds; 0: not at all. */
  readonly trashMs: number
  /**
   * The same without `wrap`, `readOnly` and `deletes`: for maintenance by policy, which is no client. Its changes are
   * events too.
   */
  readonly unrestricted: RegistryService
  /** Deletions that are held to conditions in the step that makes them, for maintenance as well. */
  readonly deletes: ConditionalDeletes
  /**
   * Has `sink` told of events of this process from now on, beside `onEvent` and in the same way. What is returned
   * ends that.
   */
  subscribe(sink: EventSink): () => void
  /**
   * Has the metadata note which manifests were pulled. Worth calling every minute: what was not noted is lost with the
   * process. Never rejects.
   */
  flushPulls(): Promise<void>
  /** Ends upload sessions that were idle too long. Worth calling every minute or so. */
  expireUploads(): Promise<void>
  /**
   * Stops the requests that write to upload sessions, stores what they brought and gives the sessions
   * back, so that another node may go on at once; the requests are answered 503. No session can be
   * written to afterwards. For the end of a node, when requests have had their time. How many requests were
   * stopped.
   */
  suspendUploads(): Promise<number>
  /** Deletes the bytes of blobs that no manifest names and whose leases are over. */
  collectGarbage(options?: GarbageOptions): Promise<GarbageReport>
  /**
   * Deletes bytes that no name points at, which a crash may leave. Walks over everything the blob store
   * has. Bytes committed less than `graceMs` ago are left alone. Default: the lease, or how long an
   * upload session may be idle where that is longer, since a session may wait to name its bytes.
   */
  sweepBytes(graceMs?: number): Promise<SweepReport>
  /**
   * Has the blob store give back room that deleted blobs still take, where it keeps many in one file.
   * Returns how many bytes were given back. Beside requests; worth calling every hour or so.
   */
  compactBytes(): Promise<number>
  /**
   * Ends everything that was deleted and could be brought back, before its time: for a full disk. The next collection
   * deletes the bytes. How many entries there were.
   */
  emptyTrash(): Promise<number>
  /** Figures for operators, beside those that the stores have. They cost the same however much is stored. */
  figures(): RegistryFigures
  /** Bytes that are known to be missing or damaged, at most `limit` (default: 100) of them. */
  missingBytes(limit?: number): Promise<MissingBytes>
  /** Whether the stores can be used now. @throws Error that says why not. */
  check(): Promise<void>
  /** Makes everything durable. Closes the stores that the registry made itself, and no others. */
  close(): Promise<void>
}

/** What {@link assembleRegistry} makes a registry of. */
export interface AssembledOptions extends RegistryOptions {
  readonly stores: RegistryStores
  readonly hash: HashFactory
}

/**
 * Makes a registry of stores and a hash that are given, for a small bundle. As `createRegistry`, which falls
 * back to stores in memory and a portable hash, and has the routes as a Hono app: a bundle that uses this
 * function has none of these in it. Where you want `app` too, give your stores and hash to `createRegistry`.
 *
 * @param closeStores what `close` of the registry does; default: nothing
 * @throws TypeError when `prefix` or `stripped` is not a path, the public path does not begin with
 *   `stripped`, `cors` lists something that is not an origin, or `outbox` is given for metadata without one.
 */
export function assembleRegistry(
  options: AssembledOptions,
  closeStores?: () => Promise<void>,
): AssembledRegistry {
  return assemble(options, closeStores).registry
}

/** A registry, and its routes for what is built around them. As {@link assembleRegistry}. */
export function assemble(
  options: AssembledOptions,
  closeStores: () => Promise<void> = async () => {},
): { readonly registry: AssembledRegistry; readonly routes: HttpRoutes } {
  const { hash, tracing } = options
  const stores = tracing === undefined ? options.stores : tracedStores(options.stores, tracing)
  const limits = { ...defaultLimits, ...options.limits }
  const clock = options.clock ?? stores.clock ?? steadyClock()
  const onNotice = safeNotices(options.onNotice)
  const { onEvent, outbox } = options
  if (outbox !== undefined && stores.metadata.outbox === undefined) {
    throw new TypeError('`outbox` is given, and the metadata store has no outbox')
  }
  const events = eventHub({ onEvent, outbox, onNotice, clock })
  const core = createCore({
    ...stores,
    hash,
    limits,
    allowSparse: options.allowSparse ?? false,
    verifyReads: options.verifyReads ?? false,
    onNotice,
    emit: events.emit,
    tell: events.tell,
    pullEvents: options.pullEvents ?? false,
    notePulls: options.readOnly !== true,
    clock,
  })
  const { wrap } = options
  const wrapped =
    wrap === undefined ? core.service : plainService(wrap(core.service, stores), core.service)
  const restrictedService = restricted(wrapped, options)
  const service = tracing?.service(restrictedService) ?? restrictedService
  const routes = serviceRoutes(service, { ...options, onNotice })
  const registry: AssembledRegistry = {
    fetch: routes.fetch,
    observed: routes.observed,
    answerWith: routes.answerWith,
    service,
    takes: {
      writes: options.readOnly !== true,
      deletes: options.readOnly !== true && options.deletes !== false,
    },
    trashMs: stores.metadata.keepsTrash === true ? limits.trashMs : 0,
    unrestricted: core.service,
    deletes: core.deletes,
    subscribe: events.subscribe,
    flushPulls: () => core.flushPulls(),
    expireUploads: core.expireUploads,
    suspendUploads: core.suspendUploads,
    collectGarbage: core.collectGarbage,
    sweepBytes: (graceMs = Math.max(limits.leaseMs, limits.uploadIdleMs)) =>
      core.sweepBytes(graceMs),
    compactBytes: core.compactBytes,
    emptyTrash: core.emptyTrash,
    figures: core.figures,
    missingBytes: (limit = 100) => stores.metadata.listMissing(limit),
    async check() {
      await Promise.all([
        stores.metadata.check?.(),
        stores.blobs.check?.(),
        stores.uploads.check?.(),
      ])
    },
    async close() {
      await core.flushPulls(true)
      await closeStores()
    },
  }
  return { registry, routes }
}

function tracedStores(stores: RegistryStores, tracing: Tracing): RegistryStores {
  return {
    ...stores,
    metadata: tracing.metadata(stores.metadata),
    blobs: tracing.blobs(stores.blobs),
    uploads: tracing.uploads(stores.uploads),
  }
}

function restricted(service: RegistryService, options: RegistryOptions): RegistryService {
  if (options.readOnly === true) return readOnly(service)
  return options.deletes === false ? withoutDeletes(service) : service
}
