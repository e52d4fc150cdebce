import type { Digest } from '../../oci/digest.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { CallContext } from '../../ports/call-context.ts'
import type { RegistryService } from '../../ports/registry-service.ts'
import { boundedCache } from './bounded-cache.ts'
import type { ConfigSummary, ManifestSummary } from './summaries.ts'

/** What manifests and configs say, by digest. Content never changes, so what was read once stays true. */
export interface Facts {
  /**
   * Null where the repository does not have the manifest, its bytes are missing or cannot be read, or this view has read
   * enough.
   */
  manifest(
    call: CallContext,
    repository: RepositoryName,
    digest: Digest,
  ): Promise<ManifestSummary | null>
  /**
   * Null where the repository does not have the blob, where it is larger than 1 MiB or cannot be read, or this view has
   * read enough.
   */
  config(
    call: CallContext,
    repository: RepositoryName,
    blob: { readonly digest: Digest; readonly size: number },
  ): Promise<ConfigSummary | null>
}

/** The facts that all views share. */
export interface SharedFacts {
  /** The facts for one view, which reads so many bytes that are not known yet, and makes way for others meanwhile. */
  forView(): Facts
}

/** In characters, all together: some 16 MB at most, and mostly far less. */
const mostKept = 4_000_000

/**
 * Facts of what a service has. A caller has to have permission to read the repository. Whether it has the content is
 * asked each time; what is in there is read once.
 */
export function createFacts(service: RegistryService): SharedFacts {
  const manifests = boundedCache<ManifestSummary | null>(mostKept)
  const configs = boundedCache<ConfigSummary | null>(mostKept)
  return {
    forView() {
      let made: Facts | null = null
      const facts = async (): Promise<Facts> => {
        const { factsForView } = await import('./facts-for-view.ts')
        made ??= factsForView(service, manifests, configs)
        return made
      }
      return {
        manifest: async (...asked) => (await facts()).manifest(...asked),
        config: async (...asked) => (await facts()).config(...asked),
      }
    },
  }
}
