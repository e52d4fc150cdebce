import type { Descriptor } from '../oci/descriptor.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Page } from '../ports/metadata-store.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import type { CoreDeps } from './deps.ts'
import { annotationsOf } from './manifest-facts.ts'
import type { ManifestService } from './manifests.ts'

/** Who refers to a manifest: end-12. */
export function referrersService(
  deps: CoreDeps,
  manifests: Pick<ManifestService, 'readBytes'>,
): Pick<RegistryService, 'listReferrers'> {
  const { metadata, limits } = deps

  /** Annotations too large for the record are in the manifest itself. */
  async function complete(repository: RepositoryName, entry: Descriptor): Promise<Descriptor> {
    if (entry.annotations === undefined || entry.annotations.length > 0) return entry
    const record = await metadata.findManifest(repository, entry.digest)
    const bytes = record === null ? null : await manifests.readBytes(record.blob)
    return bytes === null ? entry : { ...entry, annotations: annotationsOf(bytes) }
  }

  return {
    async listReferrers(_call, repository, subject, query): Promise<Page<Descriptor>> {
      const { after, artifactType } = query
      const page = await metadata.listReferrers(repository, subject, {
        maxBytes: limits.referrersBytes,
        ...(after === undefined ? {} : { after }),
        ...(artifactType === undefined ? {} : { artifactType }),
      })
      const items: Descriptor[] = []
      let room = limits.referrersBytes
      for (const entry of page.items) {
        const full = await complete(repository, entry)
        if (full !== entry) room -= annotationBytes(full)
        if (room < 0 && items.length > 0) return { items, more: true }
        items.push(full)
      }
      return { items, more: page.more }
    },
  }
}

function annotationBytes(entry: Descriptor): number {
  return JSON.stringify(entry.annotations ?? []).length
}
