import type { EventSink, NoticeSink, RegistryOptions } from '../../src/index.ts'
import { withRequestLimits } from './request-limits.ts'
import type { Settings } from './settings.ts'

/** Where a registry tells what happens. */
export interface Sinks {
  readonly onEvent: EventSink
  readonly onNotice: NoticeSink
}

/** What the settings say of the registry itself. */
export function registryOptions(settings: Settings, { onEvent, onNotice }: Sinks): RegistryOptions {
  const { corsOrigins } = settings
  const origins = corsOrigins.includes('*') ? '*' : corsOrigins
  const access = withRequestLimits(null, settings)
  return {
    onEvent,
    onNotice,
    readOnly: settings.readOnly,
    deletes: settings.deletes,
    allowSparse: settings.allowSparse,
    ...(access === null ? {} : { access }),
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
    },
  }
}
