import type { RegistryLimits } from '../options.ts'
import type {
  DeletionOptions,
  MetadataStore,
  Restored,
  TrashEntry,
} from '../ports/metadata-store.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import type { CoreDeps, EventFacts } from './deps.ts'

/** Entries that are ended in one step, so that a large trash never holds the metadata up. */
const batch = 100

/** How a client's deletion is made: so that it can be brought back, where the metadata keep a trash. */
export function deletionOf(metadata: MetadataStore, { trashMs }: RegistryLimits): DeletionOptions {
  return metadata.keepsTrash === true && trashMs > 0 ? { trashMs } : {}
}

/** What was deleted, and how it comes back. */
export function trashService(deps: CoreDeps): Pick<RegistryService, 'listTrash' | 'restore'> {
  const { metadata, limits, tell } = deps
  const { leaseMs, pageSize } = limits
  return {
    async listTrash(_call, page, repository) {
      const limit = Math.min(page.limit, pageSize)
      const found = await metadata.listTrash?.({ ...page, limit }, repository)
      return found ?? { items: [], more: false }
    },

    async restore(call, repository, id, restoring = {}) {
      const telling = tell<Restored>(call, (restored) => [eventOf(restored)])
      const options = { leaseMs, ...restoring, ...telling.options }
      const outcome = await metadata.restore?.(repository, id, options)
      if (outcome?.kind === 'restored') telling.done(outcome)
      return outcome ?? null
    },
  }
}

/** Ends all entries before their time; how many. */
export async function emptyTrash({ metadata }: CoreDeps): Promise<number> {
  let ended = 0
  for (;;) {
    const dropped = (await metadata.dropTrash?.('all', batch)) ?? 0
    ended += dropped
    if (dropped < batch) return ended
  }
}

function eventOf({ entry, tags, tagCount }: Restored): EventFacts {
  const { kind, repository } = entry
  switch (kind) {
    case 'repository': {
      const { manifests, tags } = entry.counts ?? { manifests: 0, tags: 0 }
      return { kind: 'repository-restored', repository, manifests, tags }
    }
    case 'manifest': {
      const { size = 0, mediaType = '' } = entry
      const digest = digestOf(entry)
      return { kind: 'manifest-restored', repository, digest, size, mediaType, tags, tagCount }
    }
    case 'tag': {
      const { tag } = entry
      if (tag === undefined) throw new TypeError(`the trash entry ${entry.id} has no tag`)
      return { kind: 'tag-restored', repository, tag, digest: digestOf(entry) }
    }
    case 'blob':
      return { kind: 'blob-restored', repository, digest: digestOf(entry) }
  }
}

function digestOf({ id, digest }: TrashEntry): NonNullable<TrashEntry['digest']> {
  if (digest === undefined) throw new TypeError(`the trash entry ${id} has no digest`)
  return digest
}
