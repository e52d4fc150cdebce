import { type Descriptor, descriptorBytes } from '../oci/descriptor.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Page } from '../ports/metadata-store.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import type { CoreDeps } from './deps.ts'
import { annotationsOf } from './manifest-facts.ts'
import type { ManifestService } from './manifests.ts'

/** What a page has beside its descriptors, in bytes. */
const envelope = 128

/** Clients read no more of a page than this, in bytes. */
const longestPage = 4 * 1024 * 1024

/** Manifests that are read for the annotations in one page. */
const mostRead = 100

/** Who refers to a manifest: end-12. */
export function referrersService(
  deps: CoreDeps,
  manifests: Pick<ManifestService, 'readRecorded'>,
): Pick<RegistryService, 'listReferrers'> {
  const { metadata, limits } = deps

  /** Annotations too large for the record are in the manifest itself. */
  async function complete(repository: RepositoryName, entry: Descriptor): Promise<Descriptor> {
    const record = await metadata.findManifest(repository, entry.digest)
    const bytes = record === null ? null : await manifests.readRecorded(repository, record)
    return bytes === null ? entry : { ...entry, annotations: annotationsOf(bytes) }
  }

  return {
    async listReferrers(_call, repository, subject, query): Promise<Page<Descriptor>> {
      const { after, artifactType } = query
      const room = Math.max(limits.referrersBytes - envelope, 1)
      const page = await metadata.listReferrers(repository, subject, {
        maxBytes: room,
        ...(after === undefined ? {} : { after }),
        ...(artifactType === undefined ? {} : { artifactType }),
      })
      if (!page.items.some(lacksAnnotations)) return page
      const items: Descriptor[] = []
      let bytes = 0
      let read = 0
      let bytesRead = 0
      for (const entry of page.items) {
        let full = entry
        if (lacksAnnotations(entry)) {
          read += 1
          bytesRead += entry.size
          const enough = read > mostRead || bytesRead > limits.referrersBytes
          if (enough && items.length > 0) return { items, more: true }
          full = await complete(repository, entry)
        }
        bytes += descriptorBytes(full)
        if (bytes > room && items.length > 0) return { items, more: true }
        // Listed without its annotations rather than not read at all.
        items.push(bytes > Math.max(room, longestPage - envelope) ? entry : full)
      }
      return { items, more: page.more }
    },
  }
}

function lacksAnnotations(entry: Descriptor): boolean {
  return entry.annotations?.length === 0
}
