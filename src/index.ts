export type { GarbageReport } from './core/garbage.ts'
export type { Annotations, Descriptor } from './oci/descriptor.ts'
export { type Digest, type DigestAlgorithm, parseDigest } from './oci/digest.ts'
export { type ErrorName, type ErrorRow, errorRows } from './oci/error-codes.ts'
export { mediaTypes } from './oci/media-types.ts'
export { classifyReference, type Reference } from './oci/reference.ts'
export { RegistryError } from './oci/registry-error.ts'
export { parseRepositoryName, type RepositoryName } from './oci/repository-name.ts'
export { parseTag, type Tag } from './oci/tag.ts'
export { parseUploadId, type UploadId } from './oci/upload-id.ts'
export {
  type CorsOptions,
  defaultLimits,
  type RegistryLimits,
  type RegistryOptions,
  type RegistryStores,
} from './options.ts'
export type * from './ports/access.ts'
export type * from './ports/events.ts'
export type * from './ports/registry-service.ts'
export { createRegistry, type Registry } from './registry.ts'
