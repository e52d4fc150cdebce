import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { Commit } from './metadata-reads.ts'
import { namesAfter } from './name-list.ts'
import { nextTurn } from './next-turn.ts'
import type { Repository } from './repository.ts'
import type { State } from './state.ts'
import type { StoredManifest } from './stored-manifest.ts'
import type { TagWatch } from './tag-entry.ts'

/** So many tags are asked for within a change, while everything else waits. */
const fewTags = 1000
/** Tags between two looks at the clock. */
const stride = 128
/** How long others wait for a step at most, in milliseconds, give or take one stride. */
const stepMs = 2

/**
 * Finds out whether an immutable tag keeps a manifest that is to be deleted. The tags of a manifest with
 * many are looked through ahead of the change, some at a time; the change itself then looks only at those
 * that were set meanwhile.
 */
export class TagCheck {
  readonly #isImmutable: (tag: Tag) => boolean
  #watch: TagWatch | null = null
  #found: Tag | null = null

  constructor(isImmutable: (tag: Tag) => boolean) {
    this.#isImmutable = isImmutable
  }

  /** Looks through many tags, ahead of the change. */
  async begin(state: State, commit: Commit, name: RepositoryName, digest: Digest): Promise<void> {
    this.end()
    const repository = state.repositories.get(name)
    const stored = repository?.manifests.get(digest)
    if (repository === undefined || stored === undefined || stored.tagCount <= fewTags) return
    this.#watch = repository.tags.watch(stored)
    let after: Tag | undefined
    let end = performance.now() + stepMs
    for (;;) {
      // Not while a change is on its way to disk: what that has taken out may come back.
      const tags = await commit.afterFlight(async () => namesAfter(stored.tags, after, stride))
      this.#found = tags.find(this.#isImmutable) ?? null
      if (this.#found !== null || tags.length < stride) return
      after = tags.at(-1)
      if (performance.now() < end) continue
      await nextTurn()
      end = performance.now() + stepMs
    }
  }

  /** Within the change: a tag that keeps the manifest, if any; `unchecked` asks to {@link begin}. */
  keeping(
    repository: Repository,
    stored: StoredManifest,
  ): { readonly tag: Tag } | 'unchecked' | null {
    if (this.#watch === null) {
      if (stored.tagCount > fewTags) return 'unchecked'
      const tag = namesAfter(stored.tags, undefined, fewTags).find(this.#isImmutable)
      return tag === undefined ? null : { tag }
    }
    const { target, added } = this.#watch
    if (target !== stored) return 'unchecked'
    const found = this.#found === null ? added : [this.#found, ...added]
    const stands = found.filter((tag) => repository.tags.target(tag) === stored)
    const tag = stands.find(this.#isImmutable)
    if (tag !== undefined) return { tag }
    return this.#found === null ? null : 'unchecked'
  }

  /** Forgets what was found. */
  end(): void {
    this.#watch?.end()
    this.#watch = null
    this.#found = null
  }
}
