import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import { encodeEffect } from './effect-encoder.ts'
import type { Effect } from './effects.ts'
import type { State } from './state.ts'
import type { Trace } from './trace.ts'

/** The moment a batch is made at. */
export interface Moment {
  /** For people, in milliseconds since the epoch. */
  readonly time: number
  /** The store's own time, in milliseconds: leases are held against it. */
  readonly now: number
}

/** The store's own time is noted when it is this far ahead of the last note, in milliseconds. */
const timeStep = 1000

/** What a batch changes in one repository. */
interface Touched {
  readonly keys: Set<Digest | Tag>
  readonly subjects: Set<string>
  /** Whether the list of tags changes. */
  tagList: boolean
  /** Whether it begins or ends. */
  whole: boolean
}

/** A point a batch can be taken back to. */
export interface Mark {
  readonly steps: number
  readonly texts: number
  readonly bytes: number
}

/**
 * Changes that become durable together. They are in the state from the start, so readers ask what is
 * touched, and wait if it is theirs.
 */
export class Batch implements Trace {
  readonly state: State
  readonly moment: Moment
  /** The effects as they are journalled. */
  readonly texts: string[] = []
  /** Length of the texts, in characters. */
  bytes = 0
  readonly #steps: Array<() => void> = []
  readonly #repositories: Map<RepositoryName, Touched> = new Map()
  readonly #holders: Set<Digest> = new Set()
  readonly #bytes: Set<Digest> = new Set()
  #repositoryList = false

  constructor(state: State, moment: Moment) {
    this.state = state
    this.moment = moment
  }

  /** Makes an effect so. One that changes nothing is not journalled. */
  apply(effect: Effect): void {
    const before = this.#steps.length
    this.state.apply(effect, this)
    if (this.#steps.length === before) return
    if (this.texts.length === 0) this.noteTime(timeStep)
    this.#write(effect)
  }

  /** Notes the store's own time when it is more than `step` milliseconds ahead of the last note. */
  noteTime(step: number): void {
    const { now } = this.moment
    if (now - this.state.now < step) return
    const effect: Effect = { kind: 'time', now }
    this.state.apply(effect, this)
    this.#write(effect)
  }

  mark(): Mark {
    return { steps: this.#steps.length, texts: this.texts.length, bytes: this.bytes }
  }

  /** Takes back all effects, or those after a mark. */
  rollback(to: Mark = { steps: 0, texts: 0, bytes: 0 }): void {
    while (this.#steps.length > to.steps) this.#steps.pop()?.()
    this.texts.length = to.texts
    this.bytes = to.bytes
  }

  /** Whether a tag, a blob or a manifest of the repository changes. */
  touches(repository: RepositoryName, key: Digest | Tag): boolean {
    const touched = this.#repositories.get(repository)
    return touched !== undefined && (touched.whole || touched.keys.has(key))
  }

  /** Whether anything in the repository changes. */
  touchesRepository(repository: RepositoryName): boolean {
    return this.#repositories.has(repository)
  }

  /** Whether the referrers of a subject change. */
  touchesSubject(repository: RepositoryName, subject: string): boolean {
    const touched = this.#repositories.get(repository)
    return touched !== undefined && (touched.whole || touched.subjects.has(subject))
  }

  /** Whether the list of the repository's tags changes. */
  touchesTags(repository: RepositoryName): boolean {
    const touched = this.#repositories.get(repository)
    return touched !== undefined && (touched.tagList || touched.whole)
  }

  /** Whether the repository begins or ends. */
  touchesWhole(repository: RepositoryName): boolean {
    return this.#repositories.get(repository)?.whole ?? false
  }

  /** Whether the list of repositories changes. */
  touchesRepositories(): boolean {
    return this.#repositoryList
  }

  /** Whether it changes who has the bytes of a digest, or which key counts. */
  touchesDigest(digest: Digest): boolean {
    return this.#holders.has(digest) || this.#bytes.has(digest)
  }

  /** Whether it changes which key counts for the digest, or whether its bytes are missing. */
  touchesBytes(digest: Digest): boolean {
    return this.#bytes.has(digest)
  }

  /** Whether it does so for any digest. */
  touchesAnyBytes(): boolean {
    return this.#bytes.size > 0
  }

  undo(step: () => void): void {
    this.#steps.push(step)
  }

  repository(name: RepositoryName): void {
    this.#touched(name).whole = true
    this.#repositoryList = true
  }

  key(repository: RepositoryName, key: Digest | Tag): void {
    this.#touched(repository).keys.add(key)
  }

  tagList(repository: RepositoryName): void {
    this.#touched(repository).tagList = true
  }

  subject(repository: RepositoryName, subject: string): void {
    this.#touched(repository).subjects.add(subject)
  }

  holders(digest: Digest): void {
    this.#holders.add(digest)
  }

  bytesOf(digest: Digest): void {
    this.#bytes.add(digest)
  }

  #write(effect: Effect): void {
    const text = encodeEffect(effect)
    this.texts.push(text)
    this.bytes += text.length
  }

  #touched(repository: RepositoryName): Touched {
    const there = this.#repositories.get(repository)
    if (there !== undefined) return there
    const fresh: Touched = { keys: new Set(), subjects: new Set(), tagList: false, whole: false }
    this.#repositories.set(repository, fresh)
    return fresh
  }
}
