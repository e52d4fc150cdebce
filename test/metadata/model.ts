import type { Digest } from '../../src/oci/digest.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import type { RepositoryName } from '../../src/oci/repository-name.ts'
import type { Tag } from '../../src/oci/tag.ts'
import type { BlobRef } from '../../src/ports/blob-store.ts'
import type {
  BlobDeletion,
  BlobRemoval,
  DeletionOptions,
  KeptManifest,
  ManifestChange,
  ManifestDeletion,
  ManifestOutcome,
  ManifestRecord,
  PullNote,
  RemovedManifest,
  RepositoryCounts,
  RestoreOutcome,
  TagDeletion,
  Tell,
  TrashEntry,
} from '../../src/ports/metadata-store.ts'
import { ModelOutbox } from './model-outbox.ts'
import { copies } from './observation.ts'
import { blobOf, digests, repositories, subjects } from './samples.ts'

interface ModelRepository {
  /** The ends of leases. */
  readonly blobs: Map<Digest, number>
  readonly manifests: Map<Digest, ManifestRecord>
  readonly tags: Map<Tag, { readonly digest: Digest; readonly updatedAt: number }>
  /** When a manifest was last pushed; 0 where none was. */
  pushedAt: number
}

/** What was deleted and can be brought back. */
interface ModelEntry {
  readonly shown: Omit<TrashEntry, 'leftMs'>
  readonly keepUntil: number
  /** What it keeps the bytes of. */
  readonly held: readonly Digest[]
  readonly record?: ManifestRecord
  readonly tags: ReadonlyArray<readonly [Tag, number]>
  /** Manifests that it names and that were there. */
  readonly manifests?: readonly Digest[]
  readonly repository?: ModelRepository
}

/** What a metadata store should do, in the simplest way: it walks everything, every time. */
export class Model {
  readonly repositories: Map<RepositoryName, ModelRepository> = new Map()
  /** The key that counts for each digest that is named. */
  readonly counting: Map<Digest, BlobRef> = new Map()
  readonly missing: Set<Digest> = new Set()
  /** Keys that nothing names, until they are forgotten. */
  readonly condemned: Map<string, BlobRef> = new Map()
  readonly entries: ModelEntry[] = []
  readonly outbox: ModelOutbox = new ModelOutbox()
  #lastId = 0
  /** The store's own time, in milliseconds. */
  now = 0
  pullsSince: number | null = null
  readonly #clock: () => number
  readonly #leaseMs: number

  constructor(clock: () => number, leaseMs: number) {
    this.#clock = clock
    this.#leaseMs = leaseMs
  }

  linkBlob(name: RepositoryName, blob: BlobRef, leaseMs: number): BlobRef {
    const winner = this.#decide(blob)
    const { blobs } = this.#begin(name)
    blobs.set(blob.digest, Math.max(blobs.get(blob.digest) ?? 0, this.#end(leaseMs * 1.5)))
    return winner
  }

  mountBlob(
    from: RepositoryName,
    to: RepositoryName,
    digest: Digest,
    leaseMs: number,
  ): BlobRef | null {
    const blob = this.findBlob(from, digest)
    return blob === null ? null : this.linkBlob(to, blob, leaseMs)
  }

  findBlob(name: RepositoryName, digest: Digest): BlobRef | null {
    if (!this.repositories.get(name)?.blobs.has(digest) || this.missing.has(digest)) return null
    return this.counting.get(digest) ?? null
  }

  keepBlob(name: RepositoryName, digest: Digest, leaseMs: number): BlobRef | null {
    const blob = this.findBlob(name, digest)
    const repository = this.repositories.get(name)
    if (blob === null || repository === undefined) return blob
    if (namesOf(repository).has(digest)) return blob
    if ((repository.blobs.get(digest) ?? 0) >= this.#end(leaseMs)) return blob
    repository.blobs.set(digest, this.#end(leaseMs * 1.5))
    return blob
  }

  unlinkBlob(
    name: RepositoryName,
    digest: Digest,
    { keepNamed = false, trashMs }: BlobDeletion,
  ): BlobRemoval {
    const there = this.repositories.get(name)
    if (there === undefined || !there.blobs.has(digest)) return 'absent'
    if (keepNamed && namesOf(there).has(digest)) return 'named'
    there.blobs.delete(digest)
    const { size } = blobOf(digest)
    this.#trash(name, trashMs, { kind: 'blob', digest, size }, { held: [digest] })
    this.#settle()
    return 'removed'
  }

  putManifest(name: RepositoryName, change: ManifestChange): ManifestOutcome {
    const {
      record,
      tags,
      immutable,
      requires,
      expect,
      mostBytes,
      times,
      keepsType = false,
    } = change
    const { digest } = record
    const there = this.repositories.get(name)
    if (expect !== undefined) {
      const { tag, match, noneMatch } = expect
      const found = tag === null ? digest : there?.tags.get(tag)?.digest
      const now = found !== undefined && this.findManifest(name, found) !== null ? found : null
      const says = (list: 'any' | readonly Digest[]): boolean =>
        now !== null && (list === 'any' || list.includes(now))
      if (match !== undefined && !says(match)) return { kind: 'conflict' }
      if (noneMatch !== undefined && says(noneMatch)) return { kind: 'conflict' }
    }
    const type = keepsType ? there?.manifests.get(digest)?.mediaType : undefined
    if (type !== undefined && type !== record.mediaType)
      return { kind: 'other-type', mediaType: type }
    const elsewhere = immutable.flatMap((tag) => {
      const found = there?.tags.get(tag)?.digest ?? digest
      return found === digest ? [] : [{ tag, digest: found }]
    })
    if (elsewhere.length > 0) return { kind: 'immutable', tags: elsewhere }
    const missing = requires.filter((required) => {
      if (this.findBlob(name, required.digest) !== null) return false
      return !(required.kind === 'manifest' && this.findManifest(name, required.digest) !== null)
    })
    if (missing.length > 0) {
      return { kind: 'missing', digests: [...new Set(missing.map((each) => each.digest))] }
    }
    if (mostBytes !== undefined) {
      const used = bytesOf(there ?? emptyRepository())
      const needed = bytesOf(withManifest(there ?? emptyRepository(), record)) - used
      if (needed > 0 && used + needed > mostBytes) return { kind: 'over-quota', used, needed }
    }
    const previous = tags.map((tag) => there?.tags.get(tag)?.digest ?? null)
    const created = !there?.manifests.has(digest)
    const contentSize = record.contentSize ?? sizeOf(there, record.references)
    const blob = this.#decide(record.blob)
    const repository = this.#begin(name)
    const now = this.#clock()
    const pushedAt = times?.pushedAt ?? now
    const { untaggedAt, pulledAt } = repository.manifests.get(digest) ?? {}
    const usage = {
      untaggedAt: times?.untaggedAt ?? untaggedAt,
      pulledAt: hourOf(times?.pulledAt ?? pulledAt ?? 0) || undefined,
    }
    this.#lose(repository, this.#leaseMs, () => {
      const found = definedOf({ ...usage, contentSize: contentSize ?? undefined })
      repository.manifests.set(digest, { ...record, blob, pushedAt, ...found })
    })
    repository.pushedAt = Math.max(repository.pushedAt, pushedAt)
    for (const [at, tag] of tags.entries()) {
      repository.tags.set(tag, { digest, updatedAt: times?.updatedAt[at] ?? now })
    }
    if (tagsOf(repository, digest).length > 0) {
      this.#usage(repository, digest, { untaggedAt: undefined })
    }
    for (const left of previous) if (left !== null) this.#noteUntagged(repository, left)
    return { kind: 'stored', blob, created, previous }
  }

  findManifest(name: RepositoryName, digest: Digest): ManifestRecord | null {
    const record = this.repositories.get(name)?.manifests.get(digest)
    if (record === undefined || this.missing.has(digest)) return null
    return { ...record, blob: this.counting.get(digest) ?? record.blob }
  }

  deleteManifest(
    name: RepositoryName,
    digest: Digest,
    { leaseMs, isImmutable = null, notSince, unlessHas = [], trashMs }: ManifestDeletion,
  ): RemovedManifest | KeptManifest | null {
    const there = this.repositories.get(name)
    const record = there?.manifests.get(digest)
    if (there === undefined || record === undefined) return null
    const blob = this.counting.get(digest) ?? record.blob
    const tags = tagsOf(there, digest)
    if (isImmutable !== null) {
      const tag = tags.find(isImmutable) ?? null
      if (tag !== null || namesOf(there).has(digest)) return { kind: 'kept', tag }
    }
    const since = Math.max(record.pushedAt, record.untaggedAt ?? 0)
    if (notSince !== undefined && since >= notSince) return { kind: 'kept', tag: null, since }
    const has = unlessHas.find((each) => this.findManifest(name, each) !== null)
    if (has !== undefined) return { kind: 'kept', tag: null, has }
    const references = [...new Set(record.references)]
    const { size, mediaType, subject } = record
    const tagCount = tags.length
    this.#trash(
      name,
      trashMs,
      {
        ...{ kind: 'manifest', digest, size, mediaType, tags, tagCount },
        ...(subject === undefined ? {} : { subject }),
      },
      {
        held: [digest, ...references.filter((each) => there.blobs.has(each))],
        record,
        tags: tags.map((tag) => [tag, there.tags.get(tag)?.updatedAt ?? 0]),
        manifests: references.filter((each) => there.manifests.has(each)),
      },
    )
    for (const tag of tags) there.tags.delete(tag)
    this.#lose(there, leaseMs, () => there.manifests.delete(digest))
    this.#settle()
    return { kind: 'removed', record: { ...record, blob }, tags, tagCount: tags.length }
  }

  deleteTag(
    name: RepositoryName,
    tag: Tag,
    { expect, notSince, unlessHas = [], trashMs }: TagDeletion,
  ): Digest | null {
    const there = this.repositories.get(name)
    const { digest = null, updatedAt = 0 } = there?.tags.get(tag) ?? {}
    if (digest === null || (expect !== undefined && expect !== digest)) return null
    if (notSince !== undefined && updatedAt >= notSince) return null
    if (unlessHas.some((each) => this.findManifest(name, each) !== null)) return null
    there?.tags.delete(tag)
    this.#trash(name, trashMs, { kind: 'tag', tag, digest }, { tags: [[tag, updatedAt]] })
    if (there !== undefined && digest !== null) this.#noteUntagged(there, digest)
    return digest
  }

  notePulls(pulls: readonly PullNote[]): void {
    this.pullsSince ??= this.#clock()
    for (const { repository, digest, at } of pulls) {
      const there = this.repositories.get(repository)
      const before = there?.manifests.get(digest)?.pulledAt ?? 0
      if (there === undefined || hourOf(at) <= before) continue
      this.#usage(there, digest, { pulledAt: hourOf(at) })
    }
  }

  deleteRepository(name: RepositoryName, { trashMs }: DeletionOptions): RepositoryCounts | null {
    const there = this.repositories.get(name)
    if (there === undefined) return null
    this.repositories.delete(name)
    const counts = countsOf(there)
    const held = [...there.blobs.keys(), ...there.manifests.keys()]
    this.#trash(name, trashMs, { kind: 'repository', counts }, { held, repository: there })
    this.#settle()
    return counts
  }

  /** The nth entry, from the oldest. */
  restore(at: number, leaseMs: number, mostBytes?: number): RestoreOutcome | null {
    const entry = this.entries[at]
    if (entry === undefined) return null
    const { shown, record, repository, held, manifests = [] } = entry
    const { repository: name, kind, digest } = shown
    const there = this.repositories.get(name)
    const leftMs = Math.max(0, entry.keepUntil - this.now)
    const left: Array<{ tag: Tag; digest: Digest }> = []
    const tags: Tag[] = []
    if (kind === 'repository' && there !== undefined && there.blobs.size + there.manifests.size > 0)
      return { kind: 'exists' }
    if (kind === 'tag') {
      const target = there?.tags.get(shown.tag as Tag)?.digest ?? digest
      if (target !== digest && target !== undefined) return { kind: 'exists', digest: target }
      if (this.findManifest(name, digest as Digest) === null)
        return { kind: 'missing', digests: [digest as Digest] }
    }
    if (kind === 'blob' || kind === 'manifest') {
      const lost = held.filter((each) => this.missing.has(each))
      const absent = manifests.filter((each) => this.findManifest(name, each) === null)
      const digests = [...new Set([...lost, ...absent])]
      if (digests.length > 0) return { kind: 'missing', digests }
    }
    const blobs = kind === 'manifest' ? held.slice(1) : kind === 'blob' ? held : []
    if (record !== undefined && mostBytes !== undefined) {
      const before = there ?? emptyRepository()
      const after = withManifest(before, record)
      for (const blob of blobs) after.blobs.set(blob, 0)
      const used = bytesOf(before)
      const needed = bytesOf(after) - used
      if (needed > 0 && used + needed > mostBytes) return { kind: 'over-quota', used, needed }
    }
    if (repository !== undefined) this.repositories.set(name, repository)
    for (const blob of blobs) {
      const { blobs: own } = this.#begin(name)
      if (!own.has(blob)) own.set(blob, this.#end(leaseMs))
    }
    if (record !== undefined && !there?.manifests.has(record.digest)) {
      const { untaggedAt: _, ...rest } = record
      const own = this.#begin(name)
      own.manifests.set(record.digest, rest)
      own.pushedAt = Math.max(own.pushedAt, record.pushedAt)
    }
    for (const [tag, updatedAt] of entry.tags) {
      const own = this.#begin(name)
      const target = own.tags.get(tag)?.digest
      if (target === undefined) {
        own.tags.set(tag, { digest: digest as Digest, updatedAt })
        this.#usage(own, digest as Digest, { untaggedAt: undefined })
        tags.push(tag)
      } else if (target !== digest) left.push({ tag, digest: target })
    }
    if (record !== undefined) this.#noteUntagged(this.#begin(name), record.digest)
    this.entries.splice(at, 1)
    this.#settle()
    const outcome = { tags, tagCount: tags.length, left, leftCount: left.length }
    return { kind: 'restored', entry: { ...shown, leftMs }, ...outcome }
  }

  dropTrash(at: number | 'all', limit: number): number {
    const ended = at === 'all' ? this.entries.splice(0, limit) : this.entries.splice(at, 1)
    this.#settle()
    return ended.length
  }

  #trash(
    repository: RepositoryName,
    trashMs: number | undefined,
    shown: Omit<TrashEntry, 'id' | 'repository' | 'deletedAt' | 'leftMs' | 'tags' | 'tagCount'> &
      Partial<TrashEntry>,
    entry: Partial<ModelEntry>,
  ): void {
    if (trashMs === undefined || trashMs === 0) return
    this.#lastId = Math.max(this.#lastId + 1, this.#clock())
    const id = this.#lastId.toString(36).padStart(9, '0')
    const deletedAt = this.#clock()
    this.entries.push({
      shown: { id, repository, deletedAt, tags: [], tagCount: 0, ...shown },
      keepUntil: this.#end(trashMs),
      held: [],
      tags: [],
      ...entry,
    })
  }

  deleteEmptyRepositories(): RepositoryName[] {
    const empty = [...this.repositories].filter(
      ([, { blobs, manifests }]) => blobs.size + manifests.size === 0,
    )
    for (const [name] of empty) this.repositories.delete(name)
    return empty.map(([name]) => name).sort()
  }

  markMissing(blob: BlobRef): boolean {
    if (this.counting.get(blob.digest)?.key !== blob.key) return false
    this.missing.add(blob.digest)
    return true
  }

  relocate(from: BlobRef, to: BlobRef): boolean {
    const counting = this.counting.get(from.digest)
    if (counting === undefined || this.missing.has(from.digest)) return false
    if (counting.key === to.key) return true
    if (counting.key !== from.key || this.condemned.has(to.key)) return false
    this.condemned.set(from.key, from)
    this.counting.set(to.digest, to)
    return true
  }

  condemn(): string[] {
    const kept = this.entries.filter(({ keepUntil }) => keepUntil > this.now)
    this.entries.splice(0, this.entries.length, ...kept)
    for (const repository of this.repositories.values()) {
      const named = namesOf(repository)
      for (const [digest, keepUntil] of repository.blobs) {
        if (keepUntil <= this.now && !named.has(digest)) repository.blobs.delete(digest)
      }
    }
    this.#settle()
    return [...this.condemned.keys()].sort()
  }

  forget({ digest, key }: BlobRef): void {
    if (this.condemned.get(key)?.digest === digest) this.condemned.delete(key)
  }

  /** Queues what is to be sent because of a change, where it was made; returns what came of it. */
  told<T>(name: RepositoryName, tell: Tell<T> | undefined, outcome: T, isMade: boolean): T {
    if (isMade && tell !== undefined) this.outbox.queue(name, tell(outcome), this.time)
    return outcome
  }

  /** Milliseconds since the epoch. */
  get time(): number {
    return this.#clock()
  }

  /** All that can be read, as `observe` finds it. */
  view(): unknown {
    const missing = [...this.missing].map((digest) => this.counting.get(digest)?.key ?? '')
    return {
      pullsSince: this.pullsSince,
      outbox: this.outbox.view(),
      trash: this.entries.map(({ shown, keepUntil }) => ({
        ...shown,
        leftMs: Math.max(0, keepUntil - this.now),
      })),
      repositories: [...this.repositories.keys()].sort(),
      known: copies
        .filter(({ digest, key }) => {
          return (
            this.counting.get(digest)?.key === key || this.condemned.get(key)?.digest === digest
          )
        })
        .map(({ key }) => key),
      missing: missing.sort(),
      with: digests.map((digest) =>
        [...this.repositories.keys()].filter((name) => this.findBlob(name, digest)).sort(),
      ),
      each: repositories.map((name) => this.#viewOf(name)),
    }
  }

  #viewOf(name: RepositoryName): unknown {
    const there = this.repositories.get(name)
    if (there === undefined) return { name, counts: null }
    const found = [...digests].sort().map((digest) => this.findManifest(name, digest))
    const manifests = found.filter((record) => record !== null)
    const tags = [...there.tags.keys()].sort()
    return {
      name,
      counts: countsOf(there),
      tags: tags.map((tag) => ({ tag, ...there.tags.get(tag) })),
      resolved: tags.map((tag) => this.findManifest(name, there.tags.get(tag)?.digest as Digest)),
      blobs: [...digests].sort().map((digest) => this.findBlob(name, digest)),
      manifests: manifests.map((record) => {
        const own = tagsOf(there, record.digest)
        return { record, tags: own, tagCount: own.length }
      }),
      referrers: subjects.map((subject) =>
        manifests.filter((record) => record.subject === subject).map(({ digest }) => digest),
      ),
    }
  }

  /** Makes a change; what no manifest names any more afterwards has a lease. */
  #lose(repository: ModelRepository, leaseMs: number, change: () => void): void {
    const before = namesOf(repository)
    change()
    const after = namesOf(repository)
    for (const [digest, keepUntil] of repository.blobs) {
      if (!before.has(digest) || after.has(digest)) continue
      repository.blobs.set(digest, Math.max(keepUntil, this.#end(leaseMs)))
    }
  }

  #noteUntagged(repository: ModelRepository, digest: Digest): void {
    if (tagsOf(repository, digest).length > 0) return
    if (repository.manifests.get(digest)?.untaggedAt !== undefined) return
    this.#usage(repository, digest, { untaggedAt: this.#clock() })
  }

  #usage(
    { manifests }: ModelRepository,
    digest: Digest,
    usage: { readonly [name in 'untaggedAt' | 'pulledAt']?: number | undefined },
  ): void {
    const record = manifests.get(digest)
    if (record === undefined) return
    manifests.set(digest, definedOf({ ...record, ...usage }) as ManifestRecord)
  }

  #decide(blob: BlobRef): BlobRef {
    const counting = this.counting.get(blob.digest)
    if (counting !== undefined && !this.missing.has(blob.digest)) {
      if (counting.key !== blob.key) this.condemned.set(blob.key, blob)
      return counting
    }
    if (this.condemned.has(blob.key) || counting?.key === blob.key) {
      throw new RegistryError('unavailable')
    }
    if (counting !== undefined) this.condemned.set(counting.key, counting)
    this.missing.delete(blob.digest)
    this.counting.set(blob.digest, blob)
    return blob
  }

  /** What nothing names any more is condemned. */
  #settle(): void {
    for (const [digest, blob] of this.counting) {
      const isNamed = [...this.repositories.values()].some(
        ({ blobs, manifests }) => blobs.has(digest) || manifests.has(digest),
      )
      if (isNamed || this.entries.some(({ held }) => held.includes(digest))) continue
      this.counting.delete(digest)
      this.missing.delete(digest)
      this.condemned.set(blob.key, blob)
    }
  }

  #end(leaseMs: number): number {
    return this.now + Math.ceil(leaseMs)
  }

  #begin(name: RepositoryName): ModelRepository {
    const there = this.repositories.get(name)
    if (there !== undefined) return there
    const fresh = emptyRepository()
    this.repositories.set(name, fresh)
    return fresh
  }
}

function hourOf(time: number): number {
  return Math.floor(time / 3_600_000) * 3_600_000
}

/** Without its undefined fields. */
function definedOf<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const defined = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(defined) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

/** What its manifests reach, counted again. */
function bytesOf({ blobs, manifests }: ModelRepository): number {
  const named = [...manifests.values()].flatMap(({ references }) => references)
  const reached = new Set([...manifests.keys(), ...named.filter((digest) => blobs.has(digest))])
  return [...reached].reduce((sum, digest) => sum + blobOf(digest).size, 0)
}

/** The size of what is named and there; null where nothing of it is. Histories have no indexes. */
function sizeOf(there: ModelRepository | undefined, references: readonly Digest[]): number | null {
  const named = [...new Set(references)].filter((digest) => there?.blobs.has(digest))
  if (named.length === 0 && references.length > 0) return null
  return named.reduce((sum, digest) => sum + blobOf(digest).size, 0)
}

/** With another manifest; what an earlier record of it named stays named. */
function withManifest(
  repository: ModelRepository,
  record: ManifestChange['record'],
): ModelRepository {
  const { digest } = record
  const before = repository.manifests.get(digest)?.references ?? []
  const references = [...before, ...record.references]
  const manifests = new Map(repository.manifests)
  const blobs = new Map(repository.blobs)
  return {
    ...repository,
    blobs,
    manifests: manifests.set(digest, { ...record, references, pushedAt: 0 }),
  }
}

function emptyRepository(): ModelRepository {
  return { blobs: new Map(), manifests: new Map(), tags: new Map(), pushedAt: 0 }
}

function namesOf({ manifests }: ModelRepository): Set<Digest> {
  return new Set([...manifests.values()].flatMap(({ references }) => references))
}

function tagsOf({ tags }: ModelRepository, digest: Digest): Tag[] {
  return [...tags.keys()].filter((tag) => tags.get(tag)?.digest === digest).sort()
}

function countsOf(repository: ModelRepository): RepositoryCounts {
  const { blobs, manifests, tags, pushedAt } = repository
  const bytes = bytesOf(repository)
  const counts = { manifests: manifests.size, tags: tags.size, blobs: blobs.size, bytes }
  return pushedAt === 0 ? counts : { ...counts, pushedAt }
}
