import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { Effect, WrittenContent } from './effects.ts'
import type { Holdings } from './holdings.ts'
import type { Manifests } from './manifests.ts'
import { namesAfter, withNames } from './name-list.ts'
import { type Link, Repository } from './repository.ts'
import { recordFrom } from './stored-manifest.ts'
import type { Trash } from './trash.ts'
import { type EntryContent, newEntry, type StoredEntry } from './trash-entries.ts'

/** Tags of one effect: few enough for a line. */
const tagsPerEffect = 256

/** Reads the entries of the trash that a snapshot has. */
export class WrittenTrash {
  readonly #holdings: Holdings
  readonly #manifests: Manifests
  readonly #trash: Trash
  /** The repository whose effects follow, and its entry. */
  #reading: { readonly entry: StoredEntry; readonly repository: Repository } | null = null

  constructor(holdings: Holdings, manifests: Manifests, trash: Trash) {
    this.#holdings = holdings
    this.#manifests = manifests
    this.#trash = trash
  }

  /** The repository of the name that is being read into the trash; null where none is. */
  reading(name: RepositoryName): Repository | null {
    return this.#reading?.entry.name === name ? this.#reading.repository : null
  }

  apply(effect: Effect & { kind: 'trash' | 'trash-tags' | 'trashed' }): void {
    switch (effect.kind) {
      case 'trash':
        this.#begin(effect)
        break
      case 'trash-tags': {
        const content = this.#trash.get(effect.id)?.content
        if (content?.kind !== 'manifest') break
        content.tags = withNames(content.tags, effect.tags)
        for (const [at, tag] of effect.tags.entries()) {
          content.times.set(tag, effect.times[at] ?? content.taggedAt)
        }
        break
      }
      case 'trashed':
        if (this.#reading !== null) this.#trash.add(this.#reading.entry, null)
        this.#reading = null
        break
    }
  }

  #begin(effect: Effect & { kind: 'trash' }): void {
    if (effect.content.kind !== 'repository') {
      const content = this.#contentOf(effect.content)
      this.#trash.add(newEntry(effect, effect.repository, content), null)
      return
    }
    const repository = new Repository(effect.repository)
    repository.isDeleted = true
    const content = { kind: 'repository' as const, repository, parked: new Set<Link>() }
    const entry = newEntry(effect, effect.repository, content)
    this.#reading = { entry, repository }
  }

  #contentOf(content: Exclude<WrittenContent, { kind: 'repository' }>): EntryContent {
    switch (content.kind) {
      case 'tag':
        return content
      case 'blob':
        return { kind: 'blob', holding: this.#holdings.locate(content.blob, undefined, null) }
      case 'manifest': {
        const { record, manifests } = content
        const blobs = content.blobs.map((blob) => this.#holdings.locate(blob, undefined, null))
        const holding = this.#holdings.locate(record.blob, undefined, null)
        const facts = this.#manifests.factsOf(record)
        const tags = { tags: [], taggedAt: record.pushedAt, times: new Map() }
        return { kind: 'manifest', holding, facts, ...tags, blobs, manifests }
      }
    }
  }
}

/** What an entry that is no repository has, as it is written: its first effect, and those of its tags. */
export function* effectsOfEntry(
  entry: StoredEntry,
): Generator<Effect & { kind: 'trash' | 'trash-tags' }> {
  const { id, name, deletedAt, keepUntil, content } = entry
  const written = writtenContent(content)
  yield { kind: 'trash', id, repository: name, deletedAt, keepUntil, content: written }
  if (content.kind !== 'manifest') return
  for (let after: Tag | undefined; ; ) {
    const tags = namesAfter(content.tags, after, tagsPerEffect)
    const times = tags.map((tag) => content.times.get(tag) ?? content.taggedAt)
    if (tags.length > 0) yield { kind: 'trash-tags', id, tags, times }
    if (tags.length < tagsPerEffect) return
    after = tags.at(-1)
  }
}

function writtenContent(content: EntryContent): WrittenContent {
  switch (content.kind) {
    case 'tag':
      return content
    case 'blob':
      return { kind: 'blob', blob: content.holding.ref }
    case 'manifest': {
      const { holding, facts, blobs, manifests } = content
      const record = recordFrom(facts, holding.ref)
      const refs = blobs.map(({ ref }) => ref)
      return { kind: 'manifest', record, blobs: refs, manifests }
    }
    case 'repository':
      return { kind: 'repository' }
  }
}
