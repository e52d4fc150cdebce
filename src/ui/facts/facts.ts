import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { CallContext } from '../../ports/call-context.ts'
import type { RegistryService } from '../../ports/registry-service.ts'
import { boundedCache } from './bounded-cache.ts'
import { type ConfigFacts, mostConfigBytes, readConfigFacts } from './config-facts.ts'
import { type ManifestFacts, readManifestFacts } from './manifest-facts.ts'

/** What manifests and configs say, by digest. Content never changes, so what was read once stays true. */
export interface Facts {
  /** Null where the repository does not have the manifest, or its bytes are missing. */
  manifest(
    call: CallContext,
    repository: RepositoryName,
    digest: Digest,
  ): Promise<ManifestFacts | null>
  /** Null where the repository does not have the blob, where it is larger than 1 MiB, or no JSON. */
  config(
    call: CallContext,
    repository: RepositoryName,
    digest: Digest,
    size: number,
  ): Promise<ConfigFacts | null>
}

/** Some kilobytes each, so a few megabytes in all. */
const mostKept = 4_000

/**
 * Facts of what a service has. A caller has to have permission to read the repository. What it has is found out for
 * each call; what is in there is read once.
 */
export function createFacts(service: RegistryService): Facts {
  const manifests = boundedCache<ManifestFacts>(mostKept)
  const configs = boundedCache<ConfigFacts>(mostKept)
  return {
    async manifest(call, repository, digest) {
      const known = manifests.get(digest)
      if (known !== undefined) {
        const reference = { kind: 'digest', digest } as const
        return (await service.statManifest(call, repository, reference)) === null ? null : known
      }
      const found = await service.getManifest(call, repository, { kind: 'digest', digest })
      if (found === null) return null
      const facts = readManifestFacts(found.bytes, found.mediaType)
      manifests.put(digest, facts)
      return facts
    },

    async config(call, repository, digest, size) {
      if (size > mostConfigBytes) return null
      const known = configs.get(digest)
      if (known !== undefined) {
        return (await service.statBlob(call, repository, digest)) === null ? null : known
      }
      const open = await service.openBlob(call, repository, digest)
      if (open === null) return null
      const bytes = open.bytes ?? new Uint8Array(await new Response(open.stream()).arrayBuffer())
      const facts = readConfigFacts(bytes)
      if (facts !== null) configs.put(digest, facts)
      return facts
    },
  }
}
