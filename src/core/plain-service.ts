import type { RegistryService } from '../ports/registry-service.ts'

const methods: Readonly<Record<keyof RegistryService, true>> = {
  statBlob: true,
  openBlob: true,
  blobLocation: true,
  listBlobs: true,
  statManifest: true,
  getManifest: true,
  listManifests: true,
  listReferrers: true,
  listTags: true,
  listTagRecords: true,
  listRepositories: true,
  countRepository: true,
  mountBlob: true,
  pushBlob: true,
  startUpload: true,
  uploadStatus: true,
  appendUpload: true,
  finishUpload: true,
  cancelUpload: true,
  putManifest: true,
  deleteBlob: true,
  deleteManifest: true,
  deleteRepository: true,
}

/**
 * The same service as an object that can be spread. A spread of an instance of a class has none of the
 * methods of the class.
 */
export function plainService(service: RegistryService): RegistryService {
  const names = Object.keys(methods) as Array<keyof RegistryService>
  return Object.fromEntries(
    names.map((name) => [name, service[name].bind(service)]),
  ) as unknown as RegistryService
}
