import { FirstOf } from '../oci/first-of.ts'
import type { Tag } from '../oci/tag.ts'
import { tagFilter } from '../oci/tag-filter.ts'
import { comparePlaces, parsePlace, placeText, type TagPlace } from '../oci/tag-place.ts'
import { versionKey } from '../oci/tag-version.ts'
import type { FoundTag, FoundTags, TagSearch } from '../ports/metadata-store.ts'
import { knownContentSize } from './content-size.ts'
import type { Repository } from './repository.ts'
import { StoredManifest } from './stored-manifest.ts'
import type { TagEntry } from './tag-entry.ts'

/** How long a step takes, in milliseconds, give or take a few hundred tags. */
const stepMs = 2
/** Tags that are looked at between two looks at the clock. */
const stride = 256

/** A tag that may be in the page. */
interface Candidate extends TagPlace, TagEntry {}

/** Finds a page of tags in steps. */
export interface TagWalk {
  /** Goes on for a moment; the page once it is found, null before. */
  step(repository: Repository): FoundTags | null
}

/** @throws RegistryError `pageInvalid` */
export function tagWalk(search: TagSearch): TagWalk {
  return search.order === 'name' ? new WalkByName(search) : new WalkOverAll(search)
}

/** Begins where the page begins, and ends with it. */
class WalkByName implements TagWalk {
  readonly #search: TagSearch
  readonly #matches: (tag: string) => boolean
  readonly #found: Candidate[] = []
  /** The last name that was looked at. */
  #last: string | undefined

  constructor(search: TagSearch) {
    this.#search = search
    this.#matches = tagFilter(search.filter)
    this.#last = search.after === undefined ? undefined : parsePlace('name', search.after).tag
  }

  step(repository: Repository): FoundTags | null {
    const { descending, limit } = this.#search
    const { names } = repository.tags
    for (const end = performance.now() + stepMs; ; ) {
      const page = descending ? names.pageDown(this.#last, stride) : names.page(this.#last, stride)
      for (const tag of page.items) {
        const entry = this.#matches(tag) ? repository.tags.entry(tag) : undefined
        if (entry === undefined || entry.target.holding === null) continue
        this.#found.push({ tag, number: 0, key: '', ...entry })
      }
      this.#last = page.items.at(-1) ?? this.#last
      if (!page.more || this.#found.length > limit) {
        return pageOf(repository, this.#search, this.#found, this.#found.length > limit)
      }
      if (performance.now() >= end) return null
    }
  }
}

/** Walks over all tags, in no order, and remembers the first in the order that is asked for. */
class WalkOverAll implements TagWalk {
  readonly #search: TagSearch
  readonly #start: TagPlace | null
  readonly #matches: (tag: string) => boolean
  readonly #compare: (one: TagPlace, other: TagPlace) => number
  #found: FirstOf<Candidate>
  #repository: Repository | null = null
  /** Goes on where it was, whatever is set or deleted meanwhile. */
  #entries: IterableIterator<[Tag, StoredManifest | TagEntry]> = new Map().entries()

  constructor(search: TagSearch) {
    const { order, descending, after } = search
    this.#search = search
    this.#start = after === undefined ? null : parsePlace(order, after)
    this.#matches = tagFilter(search.filter)
    this.#compare = (one, other) => comparePlaces(one, other, descending)
    this.#found = this.#firstOf()
  }

  step(repository: Repository): FoundTags | null {
    if (repository !== this.#repository) {
      // It was deleted meanwhile, and there is another of its name.
      this.#repository = repository
      this.#found = this.#firstOf()
      this.#entries = repository.tags.entries()
    }
    for (const end = performance.now() + stepMs; ; ) {
      for (let count = 0; count < stride; count += 1) {
        const { done, value } = this.#entries.next()
        if (done === true) return this.#page(repository)
        this.#look(repository, value[0], value[1])
      }
      if (performance.now() >= end) return null
    }
  }

  #firstOf(): FirstOf<Candidate> {
    return new FirstOf<Candidate>(this.#search.limit + 1, this.#compare)
  }

  #look(repository: Repository, tag: Tag, entry: StoredManifest | TagEntry): void {
    const isOwn = entry instanceof StoredManifest
    const target = isOwn ? entry : entry.target
    // The tags of a deleted manifest are still there for a moment.
    if (target.holding === null || !this.#matches(tag)) return
    const updatedAt = isOwn ? entry.taggedAt : entry.updatedAt
    const { order } = this.#search
    let number = 0
    if (order === 'updated') number = updatedAt
    else if (order === 'size') number = sizeOf(repository, target) ?? -1
    if (order !== 'version' && this.#isElsewhere(number)) return
    const key = order === 'version' ? versionKey(tag) : ''
    const candidate = { tag, number, key, target, updatedAt }
    if (this.#start === null || this.#compare(candidate, this.#start) > 0) {
      this.#found.add(candidate)
    }
  }

  /** Whether a number alone tells that a tag is before or behind the page: most are, so that they cost little. */
  #isElsewhere(number: number): boolean {
    const start = this.#start?.number
    const last = this.#found.last?.number
    const { descending } = this.#search
    if (start !== undefined && (descending ? number > start : number < start)) return true
    return last !== undefined && (descending ? number < last : number > last)
  }

  #page(repository: Repository): FoundTags {
    const found = this.#found.sorted()
    const more = found.length > this.#search.limit
    // A tag that went and came again was met twice.
    const isOnce = new Set(found.map(({ tag }) => tag)).size === found.length
    const once = isOnce ? found : found.filter((one) => isCurrent(repository, one))
    return pageOf(repository, this.#search, once, more)
  }
}

/** The page of what was found, which may be one more. */
function pageOf(
  repository: Repository,
  { order, limit }: TagSearch,
  found: readonly Candidate[],
  more: boolean,
): FoundTags {
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map((one) => foundTag(repository, one)),
    next: more && last !== undefined ? placeText(order, last) : null,
  }
}

function isCurrent({ tags }: Repository, { tag, target, updatedAt }: Candidate): boolean {
  const entry = tags.entry(tag)
  return entry?.target === target && entry.updatedAt === updatedAt
}

function foundTag(repository: Repository, { tag, target, updatedAt }: Candidate): FoundTag {
  const { digest, kind, pushedBy, holding } = target
  const isThere = holding !== null && !holding.isMissing
  return {
    tag,
    digest,
    updatedAt,
    contentSize: sizeOf(repository, target),
    pushedBy: isThere ? pushedBy : null,
    mediaType: isThere ? kind.mediaType : '',
  }
}

/** The size of what a manifest names; null also while its own bytes are missing. */
function sizeOf(repository: Repository, manifest: StoredManifest): number | null {
  return manifest.holding?.isMissing === false ? knownContentSize(repository, manifest) : null
}
