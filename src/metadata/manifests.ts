import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import type { Effect } from './effects.ts'
import type { Holding, Holdings } from './holdings.ts'
import type { Leftovers } from './leftovers.ts'
import type { Links } from './links.ts'
import { ManifestKinds } from './manifest-kinds.ts'
import type { Repository } from './repository.ts'
import { factsOf, hourMs, type ManifestFacts, StoredManifest } from './stored-manifest.ts'
import type { Trace } from './trace.ts'
import type { Trash } from './trash.ts'
import { manifestContent, newEntry } from './trash-entries.ts'

/** Manifests and their tags. Changed by the state alone. */
export class Manifests {
  readonly #holdings: Holdings
  readonly #links: Links
  readonly #leftovers: Leftovers
  readonly #kinds: ManifestKinds = new ManifestKinds()

  constructor(holdings: Holdings, links: Links, leftovers: Leftovers) {
    this.#holdings = holdings
    this.#links = links
    this.#leftovers = leftovers
  }

  /** Records a manifest, or replaces what was known of it. */
  record(
    repository: Repository,
    { record, keepUntil }: Effect & { kind: 'manifest' },
    trace: Trace | null,
  ): void {
    const holding = this.#holdings.locate(record.blob, undefined, trace)
    const stored = this.#manifest(repository, holding.digest, trace)
    const before = stored.facts
    const references = this.#links.name(repository, record.references, trace)
    const after = factsOf(record, references, this.#kinds)
    if (before !== null) this.#links.release(repository, before.references, keepUntil, trace)
    if (trace !== null && before !== null) touchManifest(repository, stored, trace)
    place(repository, stored, holding, after)
    repository.notePush(after.pushedAt, trace)
    if (trace === null) return
    touchManifest(repository, stored, trace)
    trace.undo(() => place(repository, stored, holding, before))
  }

  /** Removes a manifest with its tags. */
  remove(
    repository: Repository,
    effect: Effect & { kind: 'unmanifest' },
    trash: Trash,
    trace: Trace | null,
  ): void {
    const stored = repository.manifests.get(effect.digest)
    if (stored === undefined) return
    const { facts, holding, digest, tagCount } = stored
    const times = this.#trash(repository, stored, effect, trash, trace)
    repository.tags.count -= tagCount
    if (trace !== null) {
      if (tagCount > 0) trace.tagList(repository.name)
      trace.undo(() => {
        repository.tags.count += tagCount
      })
    }
    if (tagCount > 0) this.#leftovers.addTags(repository, stored, times, trace)
    if (facts !== null && holding !== null) {
      // While it is still there: a digest that is a manifest, and a blob that it names, counts once.
      this.#links.release(repository, facts.references, effect.keepUntil, trace)
      if (trace !== null) touchManifest(repository, stored, trace)
      place(repository, stored, holding, null)
      trace?.undo(() => place(repository, stored, holding, facts))
    }
    repository.manifests.delete(digest)
    trace?.undo(() => repository.manifests.set(digest, stored))
    if (facts !== null && holding !== null) this.#holdings.settle(holding, trace)
  }

  /** What is kept of a record that is in no repository. */
  factsOf(record: ManifestRecord): ManifestFacts {
    return factsOf(record, [...record.references], this.#kinds)
  }

  /** Sets tags. */
  tag(repository: Repository, effect: Effect & { kind: 'tag' }, trace: Trace | null): void {
    const target = this.#manifest(repository, effect.digest, trace)
    repository.tags.set(target, effect.tags, effect.times, trace)
    setUntagged(repository, target, null, trace)
  }

  /** Notes when the last tag of a manifest left it. */
  untag(repository: Repository, effect: Effect & { kind: 'untagged' }, trace: Trace | null): void {
    const stored = repository.manifests.get(effect.digest)
    if (stored?.tagCount === 0) setUntagged(repository, stored, effect.time, trace)
  }

  /** Notes pulls. */
  pull(repository: Repository, effect: Effect & { kind: 'pulled' }, trace: Trace | null): void {
    const hour = Math.floor(effect.time / hourMs)
    for (const digest of effect.digests) {
      const stored = repository.manifests.get(digest)
      if (stored === undefined || stored.pulledHour >= hour) continue
      const before = stored.pulledHour
      stored.pulledHour = hour
      trace?.key(repository.name, digest)
      trace?.undo(() => {
        stored.pulledHour = before
      })
    }
  }

  /** Puts a manifest into the trash that is deleted, where it goes there; the times of its tags, yet to be filled. */
  #trash(
    repository: Repository,
    stored: StoredManifest,
    effect: Effect & { kind: 'unmanifest' },
    trash: Trash,
    trace: Trace | null,
  ): Map<Tag, number> | null {
    if (effect.trash === undefined || trash.has(effect.trash.id)) return null
    const content = manifestContent(repository, stored)
    if (content === null) return null
    trash.add(newEntry(effect.trash, repository.name, content), trace)
    return content.times
  }

  /** The manifest of a digest; one of which nothing is known where there is none. */
  #manifest(repository: Repository, digest: Digest, trace: Trace | null): StoredManifest {
    const there = repository.manifests.get(digest)
    if (there !== undefined) return there
    const fresh = new StoredManifest(digest)
    repository.manifests.set(digest, fresh)
    trace?.undo(() => repository.manifests.delete(digest))
    return fresh
  }
}

/** Records a manifest whose bytes are in `holding`; without facts, takes its record away. */
function place(
  repository: Repository,
  stored: StoredManifest,
  holding: Holding,
  facts: ManifestFacts | null,
): void {
  const isThere = stored.holding !== null
  if (isThere) repository.unrefer(stored)
  stored.set(facts === null ? null : holding, facts)
  if (facts !== null) repository.refer(stored)
  if (isThere === (facts !== null)) return
  if (isThere) {
    holding.records -= 1
    repository.manifestNames.delete(stored.digest)
    repository.countManifest(holding, -holding.size)
  } else {
    holding.records += 1
    repository.manifestNames.insert(stored.digest)
    repository.countManifest(holding, holding.size)
  }
}

/** Notes when a manifest lost its last tag; null where it has tags. */
function setUntagged(
  repository: Repository,
  stored: StoredManifest,
  time: number | null,
  trace: Trace | null,
): void {
  const before = stored.untaggedAt
  if (before === time) return
  stored.untaggedAt = time
  trace?.key(repository.name, stored.digest)
  trace?.undo(() => {
    stored.untaggedAt = before
  })
}

/** Says that a manifest changes. */
function touchManifest(repository: Repository, stored: StoredManifest, trace: Trace): void {
  const { digest, subject } = stored
  trace.key(repository.name, digest)
  trace.holders(digest)
  if (subject !== undefined) trace.subject(repository.name, subject)
}
