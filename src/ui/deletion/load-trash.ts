import type { RepositoryName } from '../../oci/repository-name.ts'
import type { TrashEntry } from '../../ports/metadata-store.ts'
import type { RegistryService } from '../../ports/registry-service.ts'
import type { Viewer } from '../viewer.ts'

/** Something that was deleted, as a viewer is shown it. */
export interface TrashItem extends TrashEntry {
  /** Whether the viewer may bring it back. */
  readonly mayRestore: boolean
}

/** A page of the trash, the entry that ends soonest first. */
export interface TrashFacts {
  /** Null for the trash of all repositories. */
  readonly repository: RepositoryName | null
  readonly entries: readonly TrashItem[]
  /** The id that the next page begins after; null at the end. */
  readonly next: string | null
}

/** Entries on a page, and how many are looked at for one, however few of them may be seen. */
const [pageLength, mostLooked] = [100, 1000]

/**
 * Reads a page of the trash: entries of repositories that the viewer may read, and may push to or delete from.
 *
 * @param after the id of an entry
 */
export async function loadTrash(
  service: RegistryService,
  viewer: Viewer,
  repository: RepositoryName | null,
  after: string | null,
): Promise<TrashFacts> {
  const allowed: Map<RepositoryName, boolean> = new Map()
  const maySee = async (name: RepositoryName): Promise<boolean> => {
    const known = allowed.get(name) ?? (await mayHandle(viewer, name))
    allowed.set(name, known)
    return known
  }
  const entries: TrashItem[] = []
  let last = after
  for (let looked = 0; looked < mostLooked; ) {
    const page = { limit: pageLength, ...(last === null ? {} : { after: last }) }
    const { items, more } = await service.listTrash(viewer.call, page, repository ?? undefined)
    for (const entry of items) {
      if (entries.length === pageLength) return { repository, entries, next: last }
      looked++
      last = entry.id
      if (await maySee(entry.repository)) {
        entries.push({ ...entry, mayRestore: await mayRestore(viewer, entry) })
      }
    }
    if (!more) return { repository, entries, next: null }
  }
  return { repository, entries, next: last }
}

/** Finds one entry of a repository by its id; null where there is none. */
export async function findEntry(
  service: RegistryService,
  viewer: Viewer,
  repository: RepositoryName,
  id: string,
): Promise<TrashEntry | null> {
  // Ids sort, so it is among the first that begin as it does.
  let after = id.slice(0, -1)
  for (let pages = 0; pages < 10; pages++) {
    const { items, more } = await service.listTrash(viewer.call, { limit: 100, after }, repository)
    const found = items.find((entry) => entry.id >= id)
    if (found !== undefined) return found.id === id ? found : null
    const last = items.at(-1)
    if (!more || last === undefined) return null
    after = last.id
  }
  return null
}

/** Whether a viewer may see what was deleted from a repository. */
export async function mayHandle(viewer: Viewer, repository: RepositoryName): Promise<boolean> {
  const [mayRead] = await viewer.mayRead([repository])
  if (mayRead !== true) return false
  return (await viewer.may('push', repository)) || (await viewer.may('delete', repository))
}

/**
 * Whether a viewer may bring an entry back. It is a push: of the content, and of each tag that is set again. A whole
 * repository, and a manifest with more tags than its entry names, may have any tag, so it takes the permission to
 * delete the repository as well, which says the same of its tags.
 */
export async function mayRestore(viewer: Viewer, entry: TrashEntry): Promise<boolean> {
  const { kind, repository, tag, tags, tagCount } = entry
  if (!(await viewer.may('push', repository))) return false
  if (kind === 'repository' || tagCount > tags.length) return viewer.may('delete', repository)
  for (const one of tag === undefined ? tags : [tag, ...tags]) {
    if (!(await viewer.may('push', repository, { kind: 'tag', tag: one }))) return false
  }
  return true
}
