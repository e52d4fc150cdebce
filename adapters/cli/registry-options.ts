import type {
  EventSink,
  NoticeSink,
  RegistryOptions,
  RequestObserver,
  Tracing,
} from '../../src/index.ts'
import type { Settings } from './settings.ts'

/** Where a registry tells what happens. */
export interface Sinks {
  readonly onEvent: EventSink
  readonly onNotice: NoticeSink
  /** Takes a report of every request that reaches the registry: for audit. */
  readonly observe?: RequestObserver
  /** Makes spans, where an SDK takes them. */
  readonly tracing?: Tracing | undefined
}

/** What access and webhooks add to the options of a registry. */
export type AccessParts = Pick<RegistryOptions, 'access' | 'wrap' | 'outbox' | 'pullEvents'>

/** Options of a registry that tells what happens. */
export type ServedOptions = RegistryOptions & { readonly onNotice: NoticeSink }

/** What the settings say of the registry itself. */
export function registryOptions(
  settings: Settings,
  { onEvent, onNotice, observe, tracing }: Sinks,
  access: AccessParts,
): ServedOptions {
  const { corsOrigins, redirect } = settings
  const origins = corsOrigins.includes('*') ? '*' : corsOrigins
  return {
    ...access,
    onEvent,
    onNotice,
    ...(observe === undefined ? {} : { observe }),
    ...(tracing === undefined ? {} : { tracing }),
    redirect: typeof redirect === 'string' ? redirect : ({ size }) => size >= redirect,
    readOnly: settings.readOnly,
    deletes: settings.deletes,
    allowSparse: settings.allowSparse,
    verifyReads: settings.verifyReads,
    ...(corsOrigins.length === 0 ? {} : { cors: { origins } }),
    limits: {
      manifestBytes: settings.maxManifest,
      descriptorsPerManifest: settings.maxDescriptors,
      manifestBodyBytes: settings.manifestMemory,
      blobBytes: settings.maxBlob,
      uploadSessions: settings.maxUploads,
      uploadSessionsPerOwner: settings.maxUploadsPerUser,
      uploadBytes: settings.maxUploadBytes,
      uploadBytesPerOwner: settings.maxUploadBytesPerUser,
      uploadIdleMs: settings.uploadIdle,
      pageSize: settings.pageSize,
      referrersBytes: settings.referrersPage,
      tagsPerPush: settings.maxTagsPerPush,
      manifestCacheBytes: settings.manifestCache,
      leaseMs: settings.lease,
      trashMs: settings.trashTime,
    },
  }
}
