import type { Digest } from '../oci/digest.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import type { Effect } from './effects.ts'
import { frozenRecord } from './frozen-record.ts'
import type { Holdings } from './holdings.ts'
import type { Leftovers } from './leftovers.ts'
import type { Links } from './links.ts'
import { type Repository, type StoredManifest, tagCountOf, unrecorded } from './repository.ts'
import type { Trace } from './trace.ts'

/** Manifests and their tags. Changed by the state alone. */
export class Manifests {
  readonly #holdings: Holdings
  readonly #links: Links
  readonly #leftovers: Leftovers

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
    const holding = this.#holdings.locate(record.blob, trace)
    const stored = this.#manifest(repository, holding.digest, trace)
    const before = stored.record
    const references = this.#links.name(repository, record, trace)
    const after = frozenRecord(record, holding.ref, Object.freeze(references))
    if (before !== null) this.#links.release(repository, before, keepUntil, trace)
    const place = (from: ManifestRecord | null, to: ManifestRecord | null): void => {
      if (from !== null) repository.unrefer(from)
      stored.record = to
      if (to !== null) repository.refer(to)
      if (from === null) {
        stored.holding = holding
        holding.records += 1
        repository.manifestNames.insert(stored.digest)
      } else if (to === null) {
        stored.holding = null
        holding.records -= 1
        repository.manifestNames.delete(stored.digest)
      }
    }
    place(before, after)
    if (trace !== null) {
      touchManifest(repository, before ?? after, trace)
      touchManifest(repository, after, trace)
      trace.undo(() => place(after, before))
    }
  }

  /** Removes a manifest with its tags. */
  remove(
    repository: Repository,
    effect: Effect & { kind: 'unmanifest' },
    trace: Trace | null,
  ): void {
    const stored = repository.manifests.get(effect.digest)
    if (stored === undefined) return
    const { record, holding, digest } = stored
    const tags = tagCountOf(stored)
    repository.manifests.delete(digest)
    repository.tagCount -= tags
    if (trace !== null) {
      if (tags > 0) trace.tagList(repository.name)
      trace.undo(() => {
        repository.manifests.set(digest, stored)
        repository.tagCount += tags
      })
    }
    if (tags > 0) this.#leftovers.addTags(repository, stored, trace)
    if (record !== null && holding !== null) {
      this.#links.release(repository, record, effect.keepUntil, trace)
      repository.unrefer(record)
      repository.manifestNames.delete(digest)
      stored.record = null
      holding.records -= 1
      if (trace !== null) {
        touchManifest(repository, record, trace)
        trace.undo(() => {
          stored.record = record
          repository.refer(record)
          repository.manifestNames.insert(digest)
          holding.records += 1
        })
      }
      this.#holdings.settle(holding, trace)
    }
  }

  /** Sets tags. */
  tag(repository: Repository, effect: Effect & { kind: 'tag' }, trace: Trace | null): void {
    const target = this.#manifest(repository, effect.digest, trace)
    repository.setTags(target, effect.tags, effect.times, trace)
  }

  /** The manifest of a digest; one of which nothing is known where there is none. */
  #manifest(repository: Repository, digest: Digest, trace: Trace | null): StoredManifest {
    const there = repository.manifests.get(digest)
    if (there !== undefined) return there
    const fresh = unrecorded(digest)
    repository.manifests.set(digest, fresh)
    trace?.undo(() => repository.manifests.delete(digest))
    return fresh
  }
}

/** Says that a manifest changes. */
function touchManifest(repository: Repository, record: ManifestRecord, trace: Trace): void {
  trace.key(repository.name, record.digest)
  trace.holders(record.digest)
  if (record.subject !== undefined) trace.subject(repository.name, record.subject)
}
