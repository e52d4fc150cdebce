export { type BrowsedLists, browseLists, type ListBrowsing } from './core/browse-lists.ts'
export { callContext, derivedCall } from './core/call-context.ts'
export type { GarbageOptions, GarbageReport, SweepReport } from './core/garbage.ts'
export {
  type HookRefusal,
  type ManifestHooks,
  type ManifestToPush,
  type ManifestToServe,
  manifestHooks,
  type PushVerdict,
  type ServeVerdict,
} from './core/manifest-hooks.ts'
export { everyItem, mergePages } from './core/paging.ts'
export type { HttpApp } from './http/hono-app.ts'
export type { Annotations, Descriptor } from './oci/descriptor.ts'
export { type Digest, type DigestAlgorithm, parseDigest } from './oci/digest.ts'
export { type ErrorName, type ErrorRow, errorRows } from './oci/error-codes.ts'
export { mediaTypes } from './oci/media-types.ts'
export { classifyReference, type Reference } from './oci/reference.ts'
export { RegistryError } from './oci/registry-error.ts'
export { parseRepositoryName, type RepositoryName, repositoryName } from './oci/repository-name.ts'
export { parseTag, type Tag, tagName } from './oci/tag.ts'
export { parseUploadId, type UploadId } from './oci/upload-id.ts'
export {
  type CorsOptions,
  defaultLimits,
  type RedirectPolicy,
  type RegistryLimits,
  type RegistryOptions,
  type RegistryStores,
  type ServiceAppOptions,
} from './options.ts'
export type * from './ports/access.ts'
export type * from './ports/browsing.ts'
export type * from './ports/call-context.ts'
export type * from './ports/events.ts'
export type * from './ports/figures.ts'
export type {
  Expectation,
  ExpectedDigests,
  ManifestEntry,
  ManifestRecord,
  MissingBytes,
  Page,
  PageRequest,
  RepositoryCounts,
  RestoreOutcome,
  TagRecord,
  TrashEntry,
} from './ports/metadata-store.ts'
export type * from './ports/notices.ts'
export type * from './ports/observer.ts'
export type * from './ports/outbox.ts'
export type * from './ports/registry-service.ts'
export type * from './ports/tracing.ts'
export { createRegistry, type Registry } from './registry.ts'
export { serviceApp } from './service-app.ts'
