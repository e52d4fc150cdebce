import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { DigestUse } from '../ports/metadata-store.ts'
import type { Holding } from './holdings.ts'
import type { Repository } from './repository.ts'
import type { State } from './state.ts'

/** Repositories that have a blob and are looked at. */
const mostLookedAt = 1000

/** What a repository, and all others, have to do with digests. */
export function digestUses(
  state: State,
  name: RepositoryName,
  digests: readonly Digest[],
): ReadonlyArray<DigestUse | null> {
  const repository = state.repositories.get(name)
  if (repository === undefined) return digests.map(() => null)
  const trashed = trashedRepositories(state)
  return digests.map((digest) => useOf(repository, digest, trashed))
}

function useOf(
  repository: Repository,
  digest: Digest,
  trashed: readonly Repository[] | null,
): DigestUse | null {
  const link = repository.links.get(digest)
  const recorded = repository.manifests.get(digest)?.holding ?? null
  const holding = recorded ?? link?.holding ?? null
  if (holding === null) return null
  return {
    size: holding.isMissing ? 0 : holding.size,
    isBlob: (link?.holding ?? null) !== null,
    isManifest: recorded !== null,
    namedBy: link?.references ?? 0,
    isElsewhere: either(
      isRecordedElsewhere(holding, recorded === null ? 0 : 1, trashed),
      isNamedElsewhere(holding, repository),
    ),
  }
}

/** Whether another repository has the bytes as a manifest, apart from those in the trash. */
function isRecordedElsewhere(
  { digest, records }: Holding,
  own: number,
  trashed: readonly Repository[] | null,
): boolean | null {
  if (records <= own) return false
  if (trashed === null) return null
  const gone = trashed.filter(({ manifests }) => (manifests.get(digest)?.holding ?? null) !== null)
  return records > own + gone.length
}

/** Whether a manifest of another repository names the bytes, which that has as a blob. */
function isNamedElsewhere({ firstLink }: Holding, repository: Repository): boolean | null {
  let looked = 0
  for (let link = firstLink; link !== null; link = link.next) {
    const isOther = link.repository !== repository && !link.repository.isDeleted
    if (isOther && link.references > 0) return true
    looked += 1
    if (looked === mostLookedAt && link.next !== null) return null
  }
  return false
}

/** The repositories in the trash; null where there are too many entries to look at. */
function trashedRepositories({ trash }: State): readonly Repository[] | null {
  if (trash.size > mostLookedAt) return null
  return [...trash.values()].flatMap(({ content }) =>
    content.kind === 'repository' ? [content.repository] : [],
  )
}

/** Whether one of both is so; null where that is not known. */
function either(one: boolean | null, other: boolean | null): boolean | null {
  if (one === true || other === true) return true
  return one === null || other === null ? null : false
}
