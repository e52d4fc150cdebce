import type { RepositoryName } from '../oci/repository-name.ts'
import type { RestoreOptions, RestoreOutcome, TrashEntry } from './metadata-deletions.ts'
import type { Page, PageRequest } from './metadata-values.ts'

/** Part of a store of names that keeps what was deleted. */
export interface TrashedNames {
  /**
   * What was deleted and can be brought back: of a repository's name, or of all. By id, so the oldest first.
   *
   * An entry keeps its bytes by itself. Until it is brought back, nothing of it can be read or mounted, and it
   * counts in no quota. That of a manifest has its record, its tags with their times, and the blobs of the repository
   * that it names, also where they are taken out of the repository later. That of a repository has all it held.
   */
  listTrash?(page: PageRequest, repository?: RepositoryName): Promise<Page<TrashEntry>>
  /**
   * Brings an entry of the repository back as it was, with its times; null where there is none, or no longer. Nothing
   * that came since is changed: a manifest that was pushed again keeps its record, a tag that stands for
   * something else stays. One step, but for a manifest with more than 1,000 tags: they follow it in steps, and the
   * entry ends with the last. A manifest that comes back without a tag lost its last one at that moment.
   *
   * A tag needs its manifest. A manifest needs what it names, as far as it was there when it was deleted: blobs come
   * back with it, other manifests have to be there. A repository needs its name; one that holds nothing makes way.
   */
  restore?(
    repository: RepositoryName,
    id: string,
    options: RestoreOptions,
  ): Promise<RestoreOutcome | null>
  /**
   * Ends up to `limit` entries before their time, the oldest first; how many. Their bytes go with the next collection,
   * where nothing else has them. Of ids, those that are no entries are passed over.
   */
  dropTrash?(ids: readonly string[] | 'all', limit: number): Promise<number>
}
