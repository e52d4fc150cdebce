import type { Tag } from '../oci/tag.ts'
import { sizeOf, withName, withNames, withoutName } from './name-list.ts'
import { flatCopy } from './packed-text.ts'
import type { SortedNames } from './sorted-names.ts'
import { StoredManifest } from './stored-manifest.ts'
import type { TagEntry, TagsOwner, TagWatch } from './tag-entry.ts'
import { TagNames } from './tag-names.ts'
import type { Trace } from './trace.ts'

/** The tags of one repository. May hold tags of deleted manifests for a moment. */
export class Tags {
  /** How many stand. */
  count = 0
  /** Deleted manifests whose tags are still to be taken out. */
  leftovers = 0
  readonly #owner: TagsOwner
  /** Most tags are set when their manifest is tagged first: these are the manifest itself. */
  readonly #entries: Map<Tag, StoredManifest | TagEntry> = new Map()
  readonly #names: TagNames = new TagNames(this.#entries)
  /** Null most of the time: there are many repositories. */
  #watches: Set<TagWatch> | null = null
  /** The times of tags of manifests in the trash, while the tags are taken out. Null most of the time. */
  #departing: Map<StoredManifest, Map<Tag, number>> | null = null

  constructor(owner: TagsOwner) {
    this.#owner = owner
  }

  /** How many there are, those of deleted manifests included. */
  get size(): number {
    return this.#entries.size
  }

  /** All of them, in byte order. */
  get names(): SortedNames<Tag> {
    return this.#names.sorted
  }

  /** Whether some are still to be sorted in. */
  get isUnsorted(): boolean {
    return this.#names.isUnsorted
  }

  /** Goes on sorting them in, for a fraction of a millisecond; true when none is left. */
  sortSome(): boolean {
    return this.#names.sortSome()
  }

  /** What every tag was set to, deleted or not: the manifest itself, where that was tagged then. */
  entries(): IterableIterator<[Tag, StoredManifest | TagEntry]> {
    return this.#entries.entries()
  }

  keys(): IterableIterator<Tag> {
    return this.#entries.keys()
  }

  /** What a tag was set to, deleted or not. */
  get(tag: Tag): StoredManifest | undefined {
    const entry = this.#entries.get(tag)
    return entry instanceof StoredManifest ? entry : entry?.target
  }

  /** The same, and when. */
  entry(tag: Tag): TagEntry | undefined {
    const entry = this.#entries.get(tag)
    return entry instanceof StoredManifest ? { target: entry, updatedAt: entry.taggedAt } : entry
  }

  /** What a tag stands for, its bytes missing or not; undefined when it is not set. */
  target(tag: Tag): StoredManifest | undefined {
    const target = this.get(tag)
    return target !== undefined && this.#stands(target) ? target : undefined
  }

  /** Sets tags, each with the time it was set. */
  set(
    target: StoredManifest,
    tags: readonly Tag[],
    times: readonly number[],
    trace: Trace | null,
  ): void {
    if (sizeOf(target.tags) === 0) startTagging(target, times[0] ?? 0, trace)
    const added: Tag[] = []
    const start = trace === null ? this.#setNew(target, tags, times, added) : 0
    for (let at = start; at < tags.length; at += 1) {
      const text = tags[at] as Tag
      // What is read from a file at the start is cut out of nothing.
      const tag = trace === null ? text : flatCopy(text)
      if (this.#point(tag, target, times[at] as number, trace)) added.push(tag)
    }
    if (added.length === 0) return
    target.tags = withNames(target.tags, added)
    if (this.#watches !== null) this.#tell(target, added)
    trace?.undo(() => {
      for (const tag of added) target.tags = withoutName(target.tags, tag)
    })
  }

  /** Watches which tags are set to a manifest, until the watch is ended. */
  watch(target: StoredManifest): TagWatch {
    this.#watches ??= new Set()
    const watches = this.#watches
    const watch: TagWatch = { target, added: [], end: () => watches.delete(watch) }
    watches.add(watch)
    return watch
  }

  /**
   * Sets tags up to the first that was set before: at the start that is all of them, and half a million
   * may be read then. Returns how many it set.
   */
  #setNew(
    target: StoredManifest,
    tags: readonly Tag[],
    times: readonly number[],
    added: Tag[],
  ): number {
    const { taggedAt } = target
    const entries = this.#entries
    let at = 0
    for (; at < tags.length; at += 1) {
      const tag = tags[at] as Tag
      if (entries.has(tag)) break
      const updatedAt = times[at] as number
      entries.set(tag, updatedAt === taggedAt ? target : { target, updatedAt })
      added.push(tag)
    }
    for (const tag of added) this.#names.addRead(tag)
    this.count += at
    return at
  }

  /** Removes a tag, if it is set. */
  remove(tag: Tag, trace: Trace | null): void {
    const before = this.#entries.get(tag)
    const target = this.target(tag)
    if (before === undefined || target === undefined) return
    this.#takeOut(tag)
    this.count -= 1
    target.tags = withoutName(target.tags, tag)
    if (trace === null) return
    const { name } = this.#owner
    trace.key(name, tag)
    trace.tagList(name)
    trace.undo(() => {
      this.#entries.set(tag, before)
      this.#names.add(tag)
      this.count += 1
      target.tags = withName(target.tags, tag)
    })
  }

  /**
   * Keeps the times of a deleted manifest's tags, until {@link departed}: of those that are dropped, and of those that
   * are set to another before.
   */
  depart(target: StoredManifest, times: Map<Tag, number>): void {
    this.#departing ??= new Map()
    this.#departing.set(target, times)
  }

  /** All tags of the manifest were dropped, or it is there again. */
  departed(target: StoredManifest): void {
    this.#departing?.delete(target)
    if (this.#departing?.size === 0) this.#departing = null
  }

  /** Takes a tag of a deleted manifest out, unless it stands for another by now. */
  drop(tag: Tag, target: StoredManifest): void {
    if (this.get(tag) !== target) return
    this.#keepTime(tag)
    this.#takeOut(tag)
  }

  #keepTime(tag: Tag): void {
    const entry = this.#departing === null ? undefined : this.entry(tag)
    if (entry === undefined || entry.updatedAt === entry.target.taggedAt) return
    this.#departing?.get(entry.target)?.set(tag, entry.updatedAt)
  }

  /** Points a tag at a manifest; true when it did not point there before. */
  #point(tag: Tag, target: StoredManifest, updatedAt: number, trace: Trace | null): boolean {
    const raw = this.#entries.get(tag)
    const before = raw === undefined ? undefined : this.entry(tag)
    const isSet = before !== undefined && this.#stands(before.target)
    if (before !== undefined && !isSet) this.#keepTime(tag)
    if (isSet && before.target === target && before.updatedAt === updatedAt) return false
    this.#entries.set(tag, target.taggedAt === updatedAt ? target : { target, updatedAt })
    if (before === undefined) {
      if (trace === null) this.#names.addRead(tag)
      else this.#names.add(tag)
    }
    const left = isSet && before.target !== target ? before.target : null
    if (left !== null) left.tags = withoutName(left.tags, tag)
    if (!isSet) this.count += 1
    if (trace !== null) {
      const { name } = this.#owner
      trace.key(name, tag)
      if (!isSet) trace.tagList(name)
      trace.undo(() => {
        if (raw === undefined) this.#takeOut(tag)
        else this.#entries.set(tag, raw)
        if (left !== null) left.tags = withName(left.tags, tag)
        if (!isSet) this.count -= 1
      })
    }
    return !isSet || left !== null
  }

  /** Takes a tag out of the map and of the list. */
  #takeOut(tag: Tag): void {
    this.#entries.delete(tag)
    this.#names.delete(tag)
  }

  #tell(target: StoredManifest, added: readonly Tag[]): void {
    for (const watch of this.#watches ?? []) {
      if (watch.target === target) watch.added.push(...added)
    }
  }

  #stands(target: StoredManifest): boolean {
    return this.#owner.manifests.get(target.digest) === target
  }
}

/** Notes when the tags of a manifest without any are set. */
function startTagging(target: StoredManifest, now: number, trace: Trace | null): void {
  const before = target.taggedAt
  if (before === now) return
  target.taggedAt = now
  trace?.undo(() => {
    target.taggedAt = before
  })
}
