import type { RepositoryName } from '../../oci/repository-name.ts'
import type { RegistryHost } from '../artifact/registry-host.ts'
import type { UiStatus } from '../options.ts'

/** What repositories are sorted by. */
export type RepositoryOrder = 'name' | 'updated' | 'size'

/** A repository in the list. */
export interface ListedRepository {
  readonly name: RepositoryName
  readonly tags: number
  readonly manifests: number
  /** What it holds, each digest once, in bytes; null where the store does not count it. */
  readonly bytes: number | null
  /** When a manifest was last pushed, in milliseconds since the epoch; null where that is not known. */
  readonly pushedAt: number | null
}

/** The home page. */
export interface CatalogData {
  readonly title: string
  /** As clients name this registry; null where what the request says cannot be one. */
  readonly host: RegistryHost | null
  /** Part of the names that are looked for; null for all. */
  readonly q: string | null
  /** The namespace that is looked at; null for all. */
  readonly namespace: string | null
  readonly sort: RepositoryOrder
  readonly repositories: readonly ListedRepository[]
  /** Where the next part begins (`after`); null at the end, and where `page` counts. */
  readonly next: string | null
  /** Which page of those that are sorted by something else than their name; from 1. */
  readonly page: number
  readonly hasNextPage: boolean
  /** Whether more repositories follow that were not looked at. */
  readonly isPartial: boolean
  /** How the registry does; null where that is not known, or the viewer may not know it. */
  readonly status: UiStatus | null
}
