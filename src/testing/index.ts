export {
  type BlobStoreCase,
  type BlobStoreMaker,
  type BlobStorePlace,
  blobStoreContract,
} from './blob-store-contract.ts'
export type { ContentPusher } from './content-pusher.ts'
export {
  type ArtifactParts,
  artifact,
  type Bytes,
  type Content,
  type Contents,
  type ImageParts,
  image,
  index,
  type Layer,
} from './contents.ts'
export {
  ContractBroken,
  type ContractCase,
  casesFor,
  type Need,
  type StorePlace,
  type Supports,
  type UnsupportedCase,
} from './contract.ts'
export { type FakeClock, fakeClock } from './fake-clock.ts'
export type { FaultRule, RaisedFault } from './fault-rules.ts'
export { type Fault, type Faults, faults } from './faults.ts'
export {
  type LogPlace,
  type MetadataLogCase,
  type MetadataLogMaker,
  metadataLogContract,
} from './metadata-log-contract.ts'
export {
  type MetadataPlace,
  type MetadataStoreCase,
  type MetadataStoreMaker,
  metadataStoreContract,
} from './metadata-store-contract.ts'
export { type PartStoreOptions, partStore } from './part-store.ts'
export {
  type RegistryCase,
  type RegistryFetch,
  type RegistryMaker,
  registryContract,
} from './registry-contract.ts'
export { readAll, repositoryNamed, sampleBytes, sampleDigest, tagNamed } from './samples.ts'
export {
  type RequestRecord,
  type TestRegistry,
  type TestRegistryOptions,
  testRegistry,
} from './test-registry.ts'
export {
  type UploadStoreCase,
  type UploadStoreMaker,
  type UploadStorePlace,
  uploadStoreContract,
} from './upload-store-contract.ts'
