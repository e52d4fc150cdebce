import type { RepositoryName } from '../../index.ts'
import type { MetadataStore, RestoreOptions, RestoreOutcome, TrashEntry } from '../../kit.ts'
import { equals, holds, type Need } from '../contract.ts'
import { type CasePlace, here, long, type MetadataStoreCase, placeCase } from './store-case.ts'

/** How long things stay in the trash, in milliseconds. */
export const trashMs = 7_200_000

/** A case of what is deleted and comes back. */
export function trashCase(
  name: string,
  body: (store: MetadataStore, place: CasePlace) => Promise<void>,
  needs: readonly Need[] = [],
): MetadataStoreCase {
  return placeCase(name, ['trash', ...needs], async (place) => body(await place.open(), place))
}

/** All entries, or those of a repository: the oldest first. */
export async function trashOf(
  store: MetadataStore,
  repository?: RepositoryName,
): Promise<readonly TrashEntry[]> {
  const page = await store.listTrash?.({ limit: 1000 }, repository)
  holds(page !== undefined, 'a store that keeps a trash lists it')
  equals(page.more, false, 'whether there are more entries')
  return page.items
}

/** The only entry of the trash. */
export async function onlyEntry(store: MetadataStore): Promise<TrashEntry> {
  const [entry, ...others] = await trashOf(store)
  holds(entry !== undefined && others.length === 0, 'there is one entry')
  return entry
}

/** Brings an entry back. */
export async function restored(
  store: MetadataStore,
  entry: TrashEntry | undefined,
  options: Partial<RestoreOptions> = {},
): Promise<RestoreOutcome | null> {
  holds(entry !== undefined, 'there is such an entry')
  holds(store.restore !== undefined, 'a store that keeps a trash restores')
  return store.restore(entry.repository, entry.id, { leaseMs: long, ...options })
}

/** Brings the only entry back, which must go well; what came of it. */
export async function restoreOnly(
  store: MetadataStore,
): Promise<RestoreOutcome & { readonly kind: 'restored' }> {
  const outcome = await restored(store, await onlyEntry(store))
  holds(outcome?.kind === 'restored', 'what nothing stands against comes back')
  equals(await trashOf(store, here), [], 'what is left in the trash')
  return outcome
}
