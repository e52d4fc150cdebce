import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import { isSha256At } from './digest-text.ts'
import type { Effect } from './effects.ts'
import { flatCopy } from './packed-text.ts'

/** How long a digest of sha256 is, in characters. */
const digestLength = 71
/** A shorter text is copied when it is cut out of another; a longer one keeps all of that alive. */
const shortestSlice = 13
const quote = 0x22
const digit0 = 0x30
/** Characters that a string of JSON cannot have, or has after a backslash. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const escaped = /[\\\u0000-\u001f]/

/**
 * Reads the lines that most of a snapshot is made of, in half the time that a JSON parser and checks of
 * what it made take: nothing is made that is thrown away. A line in any way unusual is left to those.
 */
export class PlainLines {
  #text = ''
  #at = 0
  #repository: RepositoryName | null = null
  #tagHead = ''
  #linkHead = ''
  #manifestHead = ''
  /** Of the last manifest: its tags follow it. */
  #digest: Digest | null = null
  #references: readonly Digest[] = []
  #mediaType = ''

  /** Where the line that was read last ends. */
  get end(): number {
    return this.#at
  }

  /** Says what another reader found: lines of the same repository may follow. */
  follow(effect: Effect): void {
    if (!('repository' in effect) || effect.repository === this.#repository) return
    const { repository } = effect
    this.#repository = repository
    this.#tagHead = `["tag","${repository}","`
    this.#linkHead = `["link","${repository}","`
    this.#manifestHead = `["manifest","${repository}",{"digest":"`
  }

  /** The effect of the line at `start`, comma and newline included; null when it is not a plain one. */
  read(text: string, start: number): Effect | null {
    if (this.#repository === null) return null
    this.#text = text
    this.#at = start
    if (this.#skip(this.#manifestHead)) return this.#readManifest(this.#repository)
    if (this.#skip(this.#tagHead)) return this.#readTags(this.#repository)
    return this.#skip(this.#linkHead) ? this.#readLink(this.#repository) : null
  }

  #readManifest(repository: RepositoryName): Effect | null {
    const digest = this.#readDigest()
    if (digest === null || !this.#skip('","size":')) return null
    const size = this.#readNumber()
    if (size === null || !this.#skip(',"mediaType":"')) return null
    const mediaType = this.#readMediaType()
    if (mediaType === null || !this.#skip('","key":"')) return null
    const key = this.#readString()
    if (key === null || !this.#skip('","references":[')) return null
    const references = this.#readReferences()
    if (references === null || !this.#skip(']')) return null
    const contentSize = this.#skip(',"contentSize":') ? this.#readNumber() : undefined
    const pushedBy = this.#skip(',"pushedBy":"') ? this.#readString() : undefined
    if (contentSize === null || pushedBy === null) return null
    if (pushedBy !== undefined && !this.#skip('"')) return null
    if (!this.#skip(',"pushedAt":')) return null
    const pushedAt = this.#readNumber()
    if (pushedAt === null || !this.#skip('}],\n')) return null
    this.#digest = digest
    this.#references = references
    this.#mediaType = mediaType
    const blob: BlobRef = { digest, size, key }
    const record: Mutable<ManifestRecord> = { digest, size, mediaType, blob, references, pushedAt }
    if (contentSize !== undefined) record.contentSize = contentSize
    if (pushedBy !== undefined) record.pushedBy = pushedBy
    return { kind: 'manifest', repository, record, keepUntil: 0 }
  }

  #readTags(repository: RepositoryName): Effect | null {
    const digest = this.#digest
    if (digest === null || !this.#skip(digest) || !this.#skip('",')) return null
    const time = this.#readNumber()
    if (time === null || !this.#skip(',"')) return null
    const last = this.#text.indexOf('"],\n', this.#at)
    if (last === -1) return null
    const tags: Tag[] = []
    const times: number[] = []
    for (const text of this.#text.slice(this.#at, last).split('","')) {
      const tag = parseTag(text)
      if (tag === null) return null
      tags.push(text.length < shortestSlice ? tag : flatCopy(tag))
      times.push(time)
    }
    this.#at = last + '"],\n'.length
    return { kind: 'tag', repository, digest, tags, times }
  }

  #readLink(repository: RepositoryName): Effect | null {
    const digest = this.#readDigest()
    if (digest === null || !this.#skip('",')) return null
    const size = this.#readNumber()
    if (size === null || !this.#skip(',"')) return null
    const key = this.#readString()
    if (key === null || !this.#skip('",')) return null
    const keepUntil = this.#readNumber()
    if (keepUntil === null || !this.#skip('],\n')) return null
    return { kind: 'link', repository, blob: { digest, size, key }, keepUntil }
  }

  /** Digests in quotes. Images of one repository have most of their layers in common. */
  #readReferences(): readonly Digest[] | null {
    const references: Digest[] = []
    while (this.#text.charCodeAt(this.#at) === quote) {
      this.#at += 1
      const before = this.#references[references.length]
      const digest = before !== undefined && this.#skip(before) ? before : this.#readDigest()
      if (digest === null || !this.#skip('"')) return null
      references.push(digest)
      if (!this.#skip(',')) return references
    }
    return references.length === 0 ? references : null
  }

  #readMediaType(): string | null {
    const before = this.#mediaType
    if (before === '' || !this.#text.startsWith(`${before}"`, this.#at)) return this.#readString()
    this.#at += before.length
    return before
  }

  #readDigest(): Digest | null {
    if (!isSha256At(this.#text, this.#at)) return null
    const start = this.#at
    this.#at += digestLength
    return flatCopy(this.#text.slice(start, this.#at) as Digest)
  }

  /** What stands before the next quote. */
  #readString(): string | null {
    const end = this.#text.indexOf('"', this.#at)
    const text = this.#text.slice(this.#at, end)
    if (end === -1 || escaped.test(text)) return null
    this.#at = end
    return flatCopy(text)
  }

  /** A whole number, 0 or more, as JSON writes it. */
  #readNumber(): number | null {
    const start = this.#at
    let value = 0
    for (;;) {
      const digit = this.#text.charCodeAt(this.#at) - digit0
      if (!(digit >= 0 && digit <= 9)) break
      value = value * 10 + digit
      this.#at += 1
    }
    const length = this.#at - start
    const isPadded = length > 1 && this.#text.charCodeAt(start) === digit0
    return length === 0 || length > 15 || isPadded ? null : value
  }

  #skip(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
