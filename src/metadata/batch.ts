import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import { encodeEffect } from './effect-text.ts'
import type { Effect, Undo } from './effects.ts'
import type { State } from './state.ts'

/** What a batch changed in one repository. */
interface Touched {
  readonly keys: Set<Digest | Tag>
  readonly subjects: Set<string>
  /** Whether the list of tags changed. */
  tagList: boolean
  began: boolean
}

/** A point a batch can be taken back to. */
export interface Mark {
  readonly undo: number
  readonly texts: number
  readonly bytes: number
}

/**
 * Changes that become durable together. They are in the state from the start, so readers are to
 * ask what is touched, and to wait if it is theirs.
 */
export class Batch {
  readonly state: State
  /** The effects as they are journalled. */
  readonly texts: string[] = []
  /** Length of the texts, in characters. */
  bytes = 0
  readonly #undo: Undo[] = []
  readonly #repositories: Map<RepositoryName, Touched> = new Map()
  readonly #digests: Set<Digest> = new Set()
  #repositoryList = false

  constructor(state: State) {
    this.state = state
  }

  /** Makes an effect so. One that changes nothing is not journalled. */
  apply(effect: Effect): void {
    const before = this.#undo.length
    this.state.apply(effect, this.#undo)
    if (this.#undo.length === before) return
    const text = encodeEffect(effect)
    this.texts.push(text)
    this.bytes += text.length
    this.#touch(effect)
    for (let i = before; i < this.#undo.length; i += 1) this.#touch(this.#undo[i] as Undo)
  }

  mark(): Mark {
    return { undo: this.#undo.length, texts: this.texts.length, bytes: this.bytes }
  }

  /** Takes back all effects, or those after a mark. */
  rollback(to: Mark = { undo: 0, texts: 0, bytes: 0 }): void {
    while (this.#undo.length > to.undo) this.state.apply(this.#undo.pop() as Undo, null)
    this.texts.length = to.texts
    this.bytes = to.bytes
  }

  /** Whether a tag, a blob or a manifest of the repository changes. */
  touches(repository: RepositoryName, key: Digest | Tag): boolean {
    return this.#repositories.get(repository)?.keys.has(key) ?? false
  }

  /** Whether the referrers of a subject change. */
  touchesSubject(repository: RepositoryName, subject: string): boolean {
    return this.#repositories.get(repository)?.subjects.has(subject) ?? false
  }

  /** Whether the list of the repository's tags changes. */
  touchesTags(repository: RepositoryName): boolean {
    const touched = this.#repositories.get(repository)
    return touched !== undefined && (touched.tagList || touched.began)
  }

  /** Whether the repository comes to be. */
  begins(repository: RepositoryName): boolean {
    return this.#repositories.get(repository)?.began ?? false
  }

  /** Whether the list of repositories changes. */
  touchesRepositories(): boolean {
    return this.#repositoryList
  }

  /** Whether it changes who holds the bytes of a digest. */
  touchesBytes(digest: Digest): boolean {
    return this.#digests.has(digest)
  }

  #touch(change: Undo): void {
    if (change.kind === 'hold') {
      this.#digests.add(change.blob.digest)
      return
    }
    if (change.kind === 'forget') {
      this.#digests.add(change.digest)
      return
    }
    const touched = this.#touched(change.repository)
    switch (change.kind) {
      case 'link':
        touched.keys.add(change.blob.digest)
        this.#digests.add(change.blob.digest)
        break
      case 'manifest': {
        const { digest, subject } = change.record
        touched.keys.add(digest)
        if (subject !== undefined) touched.subjects.add(subject)
        this.#digests.add(digest)
        break
      }
      case 'unlink':
      case 'unmanifest':
        touched.keys.add(change.digest)
        this.#digests.add(change.digest)
        break
      case 'tag':
        for (const tag of change.tags) touched.keys.add(tag)
        break
      case 'untag':
        touched.keys.add(change.tag)
        touched.tagList = true
        break
      case 'vanish':
        touched.began = true
        this.#repositoryList = true
        break
      case 'repository':
        break
    }
  }

  #touched(repository: RepositoryName): Touched {
    const there = this.#repositories.get(repository)
    if (there !== undefined) return there
    const fresh: Touched = { keys: new Set(), subjects: new Set(), tagList: false, began: false }
    this.#repositories.set(repository, fresh)
    return fresh
  }
}
