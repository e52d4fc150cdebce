import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import { ContentFault } from '../content.ts'
import { readLayoutIndex } from './layout-index.ts'
import { nameOfEntry } from './layout-names.ts'
import type { LayoutReader, Layouts, TaggedEntry } from './layout-source.ts'

/** A layout that does not say to which repository all its entries belong, and nobody else does. */
export class LayoutWithoutName extends Error {
  override readonly name = 'LayoutWithoutName'
}

/** Where what is in a layout goes, whatever the layout says. */
export interface LayoutName {
  readonly repository: RepositoryName
  /** For a layout of one manifest; null for the tags that the layout has. */
  readonly tag: Tag | null
}

/**
 * A layout that stands for itself, such as an export or what `docker save` and skopeo write: its entries say
 * which repositories they belong to.
 *
 * @param as null for what they say
 * @throws LayoutWithoutName where they do not say, and `as` is null, or where `as` has a tag for several manifests;
 *   ContentFault
 */
export async function namedLayout(reader: LayoutReader, as: LayoutName | null): Promise<Layouts> {
  const repositories: Map<RepositoryName, TaggedEntry[]> = new Map()
  const all = readLayoutIndex(await reader.index())
  if (as !== null && as.tag !== null && all.length !== 1) {
    throw new LayoutWithoutName(`the layout has ${all.length} entries, and a tag is for one`)
  }
  const only = as?.repository ?? onlyRepository(all)
  for (const entry of all) {
    const { repository, tag, unusable } = nameOfEntry(entry)
    const name = as?.repository ?? repository ?? only
    if (name === null) throw new LayoutWithoutName('the layout does not say which repository it is')
    const entries = repositories.get(name) ?? []
    entries.push(as?.tag ? { entry, tag: as.tag, unusable: null } : { entry, tag, unusable })
    repositories.set(name, entries)
  }
  return {
    async *repositories() {
      yield* repositories.keys()
    },
    async view(repository) {
      const entries = repositories.get(repository)
      if (entries === undefined) throw new ContentFault('missing', 'it is not in the layout')
      return { reader, entries, hidesTagSchema: true }
    },
  }
}

/** The repository of entries that say none, beside others that all say the same one. */
function onlyRepository(entries: ReturnType<typeof readLayoutIndex>): RepositoryName | null {
  const names = new Set(entries.flatMap((entry) => nameOfEntry(entry).repository ?? []))
  const [only] = names
  return names.size === 1 && only !== undefined ? only : null
}
