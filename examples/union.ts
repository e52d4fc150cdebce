// A registry that unions two others: reads come from both, writes go to the first.
import type {
  CallContext,
  Digest,
  HttpApp,
  ListBrowsing,
  Registry,
  RegistryReads,
  RegistryService,
} from 'layerdock'
import { browseLists, createRegistry, mergePages, RegistryError, serviceApp } from 'layerdock'

/** Where both have a name, the first one's counts; an image may be spread over both. */
export function unionOf(first: RegistryService, second: RegistryService): RegistryService {
  const both = [first, second]
  const either = async <T>(ask: (one: RegistryService) => Promise<T | null>): Promise<T | null> =>
    (await ask(first)) ?? ask(second)
  const listed = (call: CallContext): ListBrowsing =>
    browseLists({
      listTagRecords: (name, page) => reads.listTagRecords(call, name, page).catch(nullIfUnknown),
      findManifest: (name, digest) => reads.statManifest(call, name, { kind: 'digest', digest }),
      listReferrers: (name, subject, { after }) =>
        reads.listReferrers(call, name, subject, after === undefined ? {} : { after }),
      countRepository: (name) => reads.countRepository(call, name),
    })
  const reads: RegistryReads = {
    statBlob: (...a) => either((one) => one.statBlob(...a)),
    openBlob: (...a) => either((one) => one.openBlob(...a)),
    blobLocation: (...a) => either((one) => one.blobLocation(...a)),
    statManifest: (...a) => either((one) => one.statManifest(...a)),
    getManifest: (...a) => either((one) => one.getManifest(...a)),
    countRepository: (...a) => either((one) => one.countRepository(...a)),
    listRepositories: (...a) => mergePages(a[1], both, (one) => one.listRepositories(...a)),
    listBlobs: (...a) => mergePages(a[2], both, (one) => one.listBlobs(...a)),
    listManifests: (...a) => mergePages(a[2], both, (one) => one.listManifests(...a)),
    listTags: (...a) => mergePages(a[2], both, (one) => one.listTags(...a)),
    listTagRecords: (...a) => mergePages(a[2], both, (one) => one.listTagRecords(...a)),
    listTrash: first.listTrash, // What is brought back goes where it was deleted.
    listReferrers: (...a) => mergePages(a[3], both, (one) => one.listReferrers(...a)),
    findTags: (call, ...a) => listed(call).findTags(...a),
    countReferrers: (call, ...a) => listed(call).countReferrers(...a),
    findParents: first.findParents, // An index is where it was pushed.
    summarizeRepositories: (call, ...a) => listed(call).summarizeRepositories(...a),
    previewDeletion: first.previewDeletion, // As deletions.
  }
  const putManifest: RegistryService['putManifest'] = (call, name, reference, push) =>
    first.putManifest(call, name, reference, push).catch(async (error: unknown) => {
      if (!(error instanceof RegistryError && error.kind === 'manifestBlobUnknown')) throw error
      for (const { digest } of error.details as Array<{ digest: Digest }>) {
        const blob = await second.statBlob(call, name, digest)
        if (blob ?? (await second.statManifest(call, name, { kind: 'digest', digest }))) continue
        throw error
      }
      return first.putManifest(call, name, reference, { ...push, allowSparse: true })
    })
  return { ...first, ...reads, putManifest }
}

function nullIfUnknown(error: unknown): null {
  if (error instanceof RegistryError && error.kind === 'nameUnknown') return null
  throw error
}

const limits = { referrersBytes: 2 * 1024 * 1024 } // Two pages make one, and clients take 4 MiB.
export const team: Registry = createRegistry({ limits })
export const base: Registry = createRegistry({ limits })
export const union: HttpApp = serviceApp(unionOf(team.service, base.service))
