import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { CallContext } from '../../ports/call-context.ts'
import type { RegistryService } from '../../ports/registry-service.ts'
import { readBlob } from '../artifact/read-content.ts'
import { boundedCache } from './bounded-cache.ts'
import {
  type ConfigSummary,
  type ManifestSummary,
  summarizeConfig,
  summarizeManifest,
} from './summaries.ts'

/** What manifests and configs say, by digest. Content never changes, so what was read once stays true. */
export interface Facts {
  /** Null where the repository does not have the manifest, its bytes are missing, or cannot be read. */
  manifest(
    call: CallContext,
    repository: RepositoryName,
    digest: Digest,
  ): Promise<ManifestSummary | null>
  /** Null where the repository does not have the blob, where it is larger than 1 MiB, or cannot be read. */
  config(
    call: CallContext,
    repository: RepositoryName,
    blob: { readonly digest: Digest; readonly size: number },
  ): Promise<ConfigSummary | null>
}

/** A config that is larger is not read. */
const mostConfigBytes = 1024 * 1024

/** In characters, all together: some 16 MB at most, and mostly far less. */
const mostKept = 4_000_000

/**
 * Facts of what a service has. A caller has to have permission to read the repository. Whether it has the content is
 * asked each time; what is in there is read once.
 */
export function createFacts(service: RegistryService): Facts {
  const manifests = boundedCache<ManifestSummary>(mostKept)
  const configs = boundedCache<ConfigSummary>(mostKept)
  return {
    async manifest(call, repository, digest) {
      const reference = { kind: 'digest', digest } as const
      const known = manifests.get(digest)
      if (known !== undefined) {
        return (await service.statManifest(call, repository, reference)) === null ? null : known
      }
      const found = await service.getManifest(call, repository, reference)
      if (found === null) return null
      const summary = summarizeManifest(found.bytes, found.mediaType)
      if (summary !== null) manifests.put(digest, summary, weightOf(summary))
      return summary
    },

    async config(call, repository, { digest, size }) {
      if (size > mostConfigBytes) return null
      const known = configs.get(digest)
      if (known !== undefined) {
        return (await service.statBlob(call, repository, digest)) === null ? null : known
      }
      const bytes = await readBlob({ service, call, repository }, digest, mostConfigBytes)
      const summary = typeof bytes === 'string' ? null : summarizeConfig(bytes)
      if (summary !== null) configs.put(digest, summary, weightOf(summary))
      return summary
    },
  }
}

function weightOf(summary: ManifestSummary | ConfigSummary): number {
  return 200 + JSON.stringify(summary).length
}
