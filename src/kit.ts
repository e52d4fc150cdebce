/** What the author of a store or of a runtime's adapter needs beside the public surface. */

export {
  type AssembledOptions,
  type AssembledRegistry,
  assembleRegistry,
} from './assembled-registry.ts'
export {
  type ComparedCounts,
  type CompareOptions,
  compareStores,
  type StoreComparison,
  type StoreDifference,
} from './copy/compare-stores.ts'
export { CopyRefused } from './copy/copy-refused.ts'
export { type CopyOptions, copyStores } from './copy/copy-stores.ts'
export type {
  CopiedKind,
  CopiedStores,
  CopyCounts,
  CopyProblem,
  CopyProgress,
  CopyReport,
} from './copy/report.ts'
export { safeNotices, safeObserver } from './core/callbacks.ts'
export { type ErrorAnswer, errorAnswer, errorResponse } from './http/error-answer.ts'
export {
  beginExchange,
  type Exchange,
  type ExchangeEnd,
  endWith,
  exchangeOf,
  type Meter,
  type RequestHead,
  setExchange,
} from './http/exchange.ts'

export { type HeaderForm, setHeaderForm } from './http/header-form.ts'
export { type NativeBlob, nativeBlob } from './http/native-blob.ts'
export { bodySource, setNativeBody, streamSource } from './http/native-body.ts'
export { peerOf, setPeer } from './http/peer.ts'
export { chooseRequestId, requestIdOf, setRequestId } from './http/request-id.ts'
export { targetOf } from './http/target.ts'
export {
  type BlobWriter,
  ContentFault,
  type ContentRoot,
  type ContentSource,
  type ContentTarget,
  LoginFault,
  type NamedContent,
  type SourceBlob,
  type SourceManifest,
  type TagOutcome,
  type TargetLooks,
  type TargetManifest,
} from './interchange/content.ts'
export { nowhere } from './interchange/dry-target.ts'
export type { RegistryCredentials } from './interchange/http/credentials.ts'
export { httpSource } from './interchange/http/http-source.ts'
export { httpTarget } from './interchange/http/http-target.ts'
export {
  RegistryClient,
  type RegistryClientOptions,
  type RegistryRequest,
} from './interchange/http/registry-client.ts'
export {
  annotationKeys,
  type LayoutEntry,
  mostIndexBytes,
  readLayoutIndex,
} from './interchange/layout/layout-index.ts'
export { nameOfEntry } from './interchange/layout/layout-names.ts'
export {
  type LayoutReader,
  type Layouts,
  type LayoutView,
  layoutSource,
  type TaggedEntry,
  wholeLayout,
} from './interchange/layout/layout-source.ts'
export {
  type LayoutTarget,
  type LayoutTargetOptions,
  type LayoutWriter,
  layoutTarget,
} from './interchange/layout/layout-target.ts'
export {
  type LayoutName,
  LayoutWithoutName,
  namedLayout,
} from './interchange/layout/named-layout.ts'
export { subjectIn } from './interchange/layout/subject-in.ts'
export { mostManifestBytes } from './interchange/read-manifest.ts'
export { storesSource } from './interchange/stores-source.ts'
export { type StoresTargetOptions, storesTarget } from './interchange/stores-target.ts'
export {
  type Selection,
  type TransferOptions,
  transferContent,
} from './interchange/transfer-content.ts'
export {
  type MaintenanceOptions,
  type MaintenanceTask,
  type MaintenanceTurns,
  repeatTask,
  startMaintenance,
} from './maintenance.ts'
export { bytesSource } from './memory/bytes-source.ts'
export { portableHash } from './memory/portable-hash.ts'
export { type SessionCreation, SessionTable } from './memory/session-table.ts'
export { crc32 } from './metadata/crc32.ts'
export type { MetadataStatus } from './metadata/metadata-status.ts'
export {
  type JournalledMetadata,
  type JournalledOptions,
  type MemoryMetadataOptions,
  openMetadata,
} from './metadata/store.ts'
export { BodyInterrupted } from './oci/body-interrupted.ts'
export type { ByteSpan } from './oci/byte-range.ts'
export { callSafely } from './oci/call-safely.ts'
export { descriptorBytes, mostDescriptors } from './oci/descriptor.ts'
export { algorithmOf, digestOf, encodedOf, isDigestAlgorithm } from './oci/digest.ts'
export { durationBounds, Histogram, longBounds } from './oci/histogram.ts'
export { type ManifestShape, manifestShape } from './oci/media-types.ts'
export { loggedAgent, loggedTarget, plain, withoutSecrets } from './oci/plain-text.ts'
export { settled } from './oci/settled.ts'
export { steadyClock } from './oci/steady-clock.ts'
export { StoreDamaged } from './oci/store-damaged.ts'
export { parsePlace, placeText, type TagFacts, type TagPlace, tagPlace } from './oci/tag-place.ts'
export { newUploadId } from './oci/upload-id.ts'
export type * from './ports/blob-store.ts'
export type * from './ports/byte-source.ts'
export type * from './ports/figures.ts'
export type * from './ports/metadata-log.ts'
export type * from './ports/metadata-store.ts'
export type * from './ports/name-files.ts'
export type * from './ports/notices.ts'
export type * from './ports/outbox.ts'
export type * from './ports/streaming-hash.ts'
export type * from './ports/upload-store.ts'
export { closeStores, memoryStores } from './registry.ts'
export { contentRepair } from './verify/content-repair.ts'
export { type RepairSource, repairSource } from './verify/repair.ts'
export type {
  VerifyPhase,
  VerifyProblem,
  VerifyProblemKind,
  VerifyProgress,
  VerifyReport,
  VerifyState,
} from './verify/report.ts'
export {
  startVerifying,
  type VerifyingOptions,
  type VerifySchedule,
} from './verify/start-verifying.ts'
export { type VerifyOptions, verifyStores } from './verify/verify-stores.ts'
