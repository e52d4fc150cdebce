export type { GarbageReport } from './core/garbage.ts'
export {
  defaultLimits,
  type RegistryLimits,
  type RegistryOptions,
  type RegistryStores,
} from './options.ts'
export type * from './ports/access.ts'
export type * from './ports/events.ts'
export type * from './ports/registry-service.ts'
export { createRegistry, type Registry } from './registry.ts'
export type { Annotations, Descriptor } from './spec/descriptor.ts'
export { type Digest, type DigestAlgorithm, parseDigest } from './spec/digest.ts'
export { type ErrorName, type ErrorRow, errorRows } from './spec/error-codes.ts'
export { mediaTypes } from './spec/media-types.ts'
export { type Reference, readReference } from './spec/reference.ts'
export { RegistryError } from './spec/registry-error.ts'
export { parseRepositoryName, type RepositoryName } from './spec/repository-name.ts'
export { parseTag, type Tag } from './spec/tag.ts'
export { parseUploadId, type UploadId } from './spec/upload-id.ts'
