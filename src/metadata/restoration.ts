import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type {
  Restored,
  RestoreOptions,
  RestoreOutcome,
  TagRecord,
  TrashEntry,
} from '../ports/metadata-store.ts'
import type { Batch } from './batch.ts'
import { leaseEnd } from './changes.ts'
import type { Holding } from './holdings.ts'
import { namesAfter, sizeOf } from './name-list.ts'
import { tellOf } from './outbox-changes.ts'
import { Repository } from './repository.ts'
import { recordFrom } from './stored-manifest.ts'
import type { ManifestContent, StoredEntry, TagContent } from './trash-entries.ts'
import { shownEntry } from './trash-pages.ts'

/** Tags that are set in one step, so that nothing waits long for the others. */
const tagsPerStep = 1000
/** Tags that an outcome names; the rest is counted. */
const namedTags = 1000

/** Brings one entry of the trash back, in steps where it has many tags. */
export class Restoration {
  readonly #name: RepositoryName
  readonly #id: string
  readonly #options: RestoreOptions
  /** The entry as it was, once a step has begun. */
  #entry: TrashEntry | null = null
  /** The last of its tags that was looked at. */
  #after: Tag | undefined
  readonly #tags: Tag[] = []
  #tagCount = 0
  readonly #left: Array<Pick<TagRecord, 'tag' | 'digest'>> = []
  #leftCount = 0

  constructor(name: RepositoryName, id: string, options: RestoreOptions) {
    this.#name = name
    this.#id = id
    this.#options = options
  }

  /** Makes a step; `more` where others have to follow, null where there is no such entry. */
  step(batch: Batch): RestoreOutcome | 'more' | null {
    const entry = batch.state.trash.get(this.#id)
    if (entry?.name !== this.#name)
      return this.#entry === null ? null : this.#end(batch, this.#entry)
    const isFirst = this.#entry === null
    this.#entry ??= shownEntry(entry, batch.moment.now)
    const refusal = isFirst ? this.#refusal(batch, entry) : null
    if (refusal !== null) return refusal
    switch (entry.content.kind) {
      case 'tag':
        this.#setTags(batch, entry.content.digest, [entry.content.tag], [entry.content.updatedAt])
        break
      case 'blob':
        this.#link(batch, entry.content.holding)
        break
      case 'manifest': {
        const next = this.#restoreManifest(batch, entry.content, isFirst)
        if (next === 'end') break
        return next === 'more' ? next : this.#end(batch, this.#entry)
      }
      case 'repository':
        batch.apply({ kind: 'unrepository', repository: this.#name })
        batch.apply({ kind: 'restore', id: this.#id })
        return this.#end(batch, this.#entry)
    }
    batch.apply({ kind: 'untrash', id: this.#id })
    return this.#end(batch, this.#entry)
  }

  /** Why an entry stays in the trash, if it does. */
  #refusal(batch: Batch, { content }: StoredEntry): RestoreOutcome | null {
    const repository = batch.state.repositories.get(this.#name)
    switch (content.kind) {
      case 'tag':
        return tagRefusal(repository, content)
      case 'blob': {
        const { isMissing, digest } = content.holding
        return isMissing ? { kind: 'missing', digests: [digest] } : null
      }
      case 'manifest':
        return missingOf(repository, content) ?? this.#overQuota(repository, content)
      case 'repository':
        return repository === undefined || repository.isEmpty ? null : { kind: 'exists' }
    }
  }

  #overQuota(repository: Repository | undefined, content: ManifestContent): RestoreOutcome | null {
    const { mostBytes } = this.#options
    if (mostBytes === undefined) return null
    const used = repository?.bytes ?? 0
    const needed = growthBy(repository ?? new Repository(this.#name), content)
    return needed > 0 && used + needed > mostBytes ? { kind: 'over-quota', used, needed } : null
  }

  /** The manifest with its blobs first, and some of its tags in each step. */
  #restoreManifest(
    batch: Batch,
    content: ManifestContent,
    isFirst: boolean,
  ): 'more' | 'end' | 'stopped' {
    const { holding, facts, blobs, tags, times, taggedAt } = content
    const { digest } = holding
    const { moment, state } = batch
    if (isFirst) {
      for (const blob of blobs) this.#link(batch, blob)
      if (!state.repositories.get(this.#name)?.manifests.has(digest)) {
        const record = recordFrom({ ...facts, untaggedAt: null }, holding.ref)
        batch.apply({ kind: 'manifest', repository: this.#name, record, keepUntil: 0 })
      }
    } else if (!state.repositories.get(this.#name)?.manifests.has(digest)) {
      // It was deleted again since the step before; what is left of the entry can be brought back once more.
      return 'stopped'
    }
    const some = namesAfter(tags, this.#after, tagsPerStep)
    this.#after = some.at(-1)
    const since = some.map((tag) => times.get(tag) ?? taggedAt)
    this.#setTags(batch, digest, some, since)
    const isLast = some.length < tagsPerStep || sizeOf(tags) === tagsPerStep
    if (!isLast) return 'more'
    const stored = state.repositories.get(this.#name)?.manifests.get(digest)
    if (stored?.tagCount === 0 && stored.untaggedAt === null) {
      batch.apply({ kind: 'untagged', repository: this.#name, digest, time: moment.time })
    }
    return 'end'
  }

  /** Sets those of the tags that stand for nothing. */
  #setTags(batch: Batch, digest: Digest, tags: readonly Tag[], since: readonly number[]): void {
    const there = batch.state.repositories.get(this.#name)?.tags
    const free: Tag[] = []
    const times: number[] = []
    for (const [at, tag] of tags.entries()) {
      const target = there?.target(tag)
      if (target === undefined) {
        free.push(tag)
        times.push(since[at] as number)
      } else if (target.digest !== digest) {
        this.#leftCount += 1
        if (this.#left.length < namedTags) this.#left.push({ tag, digest: target.digest })
      }
    }
    this.#tagCount += free.length
    this.#tags.push(...free.slice(0, namedTags - this.#tags.length))
    if (free.length === 0) return
    batch.apply({ kind: 'tag', repository: this.#name, digest, tags: free, times })
  }

  /** Links a blob, where the repository does not have it. */
  #link(batch: Batch, { digest, ref }: Holding): void {
    const repository = this.#name
    if (batch.state.repositories.get(repository)?.links.get(digest)?.holding) return
    const keepUntil = leaseEnd(batch.moment, this.#options.leaseMs)
    batch.apply({ kind: 'link', repository, blob: ref, keepUntil })
  }

  /** Tells of the restoration, in its last step. */
  #end(batch: Batch, entry: TrashEntry): Restored {
    const [tags, tagCount] = [this.#tags, this.#tagCount]
    const [left, leftCount] = [this.#left, this.#leftCount]
    const restored = { kind: 'restored' as const, entry, tags, tagCount, left, leftCount }
    tellOf(batch, this.#name, this.#options.tell, restored)
    return restored
  }
}

/** A tag needs its manifest, and must not stand for another. */
function tagRefusal(
  repository: Repository | undefined,
  { tag, digest }: TagContent,
): RestoreOutcome | null {
  const target = repository?.tags.target(tag)
  if (target !== undefined && target.digest !== digest) {
    return { kind: 'exists', digest: target.digest }
  }
  const isThere = repository?.manifest(digest) !== null && repository !== undefined
  return isThere ? null : { kind: 'missing', digests: [digest] }
}

/** What a manifest needs and is not there, unless it is there itself by now. */
function missingOf(
  repository: Repository | undefined,
  { holding, blobs, manifests }: ManifestContent,
): RestoreOutcome | null {
  const digests = [holding, ...blobs].flatMap(({ digest, isMissing }) => (isMissing ? digest : []))
  const absent = manifests.filter((digest) => (repository?.manifest(digest) ?? null) === null)
  const missing = [...new Set([...digests, ...absent])]
  return missing.length === 0 ? null : { kind: 'missing', digests: missing }
}

/** By how many bytes a repository grows when a manifest is brought back. */
function growthBy(repository: Repository, { holding, facts, blobs }: ManifestContent): number {
  const { digest, size } = holding
  const { references } = facts
  let bytes = repository.growthBy({ ...recordFrom(facts, holding.ref), digest, size, references })
  for (const blob of blobs) {
    if (repository.links.get(blob.digest)?.holding || blob.digest === digest) continue
    const isRecorded = (repository.manifests.get(blob.digest)?.holding ?? null) !== null
    if (!isRecorded) bytes += blob.size
  }
  return bytes
}
