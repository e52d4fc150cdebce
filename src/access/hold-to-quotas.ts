import type { Digest } from '../oci/digest.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { MetadataStore } from '../ports/metadata-store.ts'
import type { RegistryService, UploadBody } from '../ports/registry-service.ts'

/** How many bytes the manifests of a repository may reach; null for any number. */
export type QuotaOf = (repository: RepositoryName) => number | null

/**
 * Makes a `wrap` of a registry that holds repositories to quotas. What counts are manifests and the blobs of the
 * repository that they name, each digest once and with its real size. A push of a manifest beyond the quota is a
 * 403 with the numbers; of two at once that do not both fit, one gets through.
 *
 * Blobs count once a manifest names them. One that no manifest could name within the quota is refused where its
 * length is known before its bytes. What is brought back from the trash counts again, but for a whole repository,
 * which comes back as it was. A repository with a quota takes manifests only with their content, also where
 * the registry is told to take sparse ones, since what is not there yet cannot be counted.
 *
 * @example
 * const wrap = holdToQuotas((repository) => (repository.startsWith('free/') ? 10e9 : null))
 * const registry = createRegistry({ wrap })
 *
 * @returns a function that throws TypeError where the store does not count bytes, so that the registry is not made
 */
export function holdToQuotas(
  quotaOf: QuotaOf,
): (service: RegistryService, stores: { readonly metadata: MetadataStore }) => RegistryService {
  return (service, { metadata }) => {
    if (metadata.countsBytes !== true) {
      throw new TypeError(
        'holdToQuotas: this metadata store does not count the bytes of repositories',
      )
    }

    /** @throws RegistryError `denied`, where a blob of this length is more than what is left. */
    async function admit(
      repository: RepositoryName,
      digest: Digest | null,
      body: UploadBody | null,
    ): Promise<void> {
      const quota = quotaOf(repository)
      const needed = body?.length
      if (quota === null || needed === undefined) return
      const used = (await metadata.countRepository(repository))?.bytes ?? 0
      if (used + needed <= quota) return
      // One that the repository has may be pushed again.
      if (digest !== null && (await metadata.findBlob(repository, digest)) !== null) return
      throw overQuota({ used, needed, quota })
    }

    return {
      ...service,
      async pushBlob(call, repository, digest, body) {
        await admit(repository, digest, body)
        return service.pushBlob(call, repository, digest, body)
      },
      async appendUpload(call, repository, id, body) {
        await admit(repository, null, body)
        return service.appendUpload(call, repository, id, body)
      },
      async finishUpload(call, repository, id, digest, body) {
        await admit(repository, digest, body)
        return service.finishUpload(call, repository, id, digest, body)
      },
      async putManifest(call, repository, reference, push) {
        const quota = quotaOf(repository)
        if (quota === null) return service.putManifest(call, repository, reference, push)
        const mostBytes = Math.min(quota, push.mostBytes ?? quota)
        const held = { ...push, mostBytes, allowSparse: false }
        try {
          return await service.putManifest(call, repository, reference, held)
        } catch (error) {
          const numbers = numbersOf(error)
          throw numbers === null ? error : overQuota({ ...numbers, quota })
        }
      },
      restore(call, repository, id, restoring) {
        const quota = quotaOf(repository)
        if (quota === null) return service.restore(call, repository, id, restoring)
        const mostBytes = Math.min(quota, restoring?.mostBytes ?? quota)
        return service.restore(call, repository, id, { ...restoring, mostBytes })
      },
    }
  }
}

/** What a push beyond a quota is refused with; in bytes. */
interface Numbers {
  readonly used: number
  readonly needed: number
  readonly quota: number
}

function overQuota({ used, needed, quota }: Numbers): RegistryError {
  return new RegistryError('denied', {
    advice: `the repository has ${used} bytes, this needs ${needed} more, and its quota is ${quota}`,
    detail: { used, needed, quota },
  })
}

/**
 * The numbers of a refusal by the store; null for another error. The core does not put them into words, since
 * most registries have no quotas, and a small worker no room for what it does not use.
 */
function numbersOf(error: unknown): Omit<Numbers, 'quota'> | null {
  if (!(error instanceof RegistryError) || error.kind !== 'denied') return null
  const [detail] = error.details as readonly [{ kind?: unknown; used: number; needed: number }?]
  return detail?.kind === 'over-quota' ? { used: detail.used, needed: detail.needed } : null
}
