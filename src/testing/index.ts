export {
  type BlobStoreCase,
  type BlobStoreMaker,
  blobStoreContract,
} from './blob-store-contract.ts'
export { ContractBroken, type ContractCase } from './contract.ts'
export { type FakeClock, fakeClock } from './fake-clock.ts'
export {
  type MetadataStoreCase,
  type MetadataStoreMaker,
  metadataStoreContract,
} from './metadata-store-contract.ts'
export { type PartStoreOptions, partStore } from './part-store.ts'
export { readAll, repositoryNamed, sampleBytes, sampleDigest, tagNamed } from './samples.ts'
export {
  type UploadStoreCase,
  type UploadStoreMaker,
  uploadStoreContract,
} from './upload-store-contract.ts'
