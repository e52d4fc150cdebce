import type { RepositoryName } from '../../oci/repository-name.ts'
import { ContentFault } from '../content.ts'
import { readLayoutIndex } from './layout-index.ts'
import { nameOfEntry } from './layout-names.ts'
import type { LayoutReader, Layouts, TaggedEntry } from './layout-source.ts'

/** A layout that does not say to which repository all its entries belong, and nobody else does. */
export class LayoutWithoutName extends Error {
  override readonly name = 'LayoutWithoutName'
}

/**
 * A layout that stands for itself, such as an export or what `docker save` and skopeo write: its entries say
 * which repositories they belong to.
 *
 * @param as the repository that all of them go to, whatever they say; null for what they say
 * @throws LayoutWithoutName where they do not say, and `as` is null; ContentFault
 */
export async function namedLayout(
  reader: LayoutReader,
  as: RepositoryName | null,
): Promise<Layouts> {
  const repositories: Map<RepositoryName, TaggedEntry[]> = new Map()
  const all = readLayoutIndex(await reader.index())
  const only = as ?? onlyRepository(all)
  for (const entry of all) {
    const { repository, tag, unusable } = nameOfEntry(entry)
    const name = as ?? repository ?? only
    if (name === null) throw new LayoutWithoutName('the layout does not say which repository it is')
    const entries = repositories.get(name) ?? []
    entries.push({ entry, tag, unusable })
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
