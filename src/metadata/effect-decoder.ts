import type { Digest } from '../oci/digest.ts'
import { parseRepositoryName, type RepositoryName } from '../oci/repository-name.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import { isCount, readBlob, readDigest, readOptional } from './decoded-values.ts'
import type { Effect } from './effects.ts'
import { isEntryId } from './entry-ids.ts'
import { readMessage, readOutboxEntry } from './outbox-decoder.ts'
import { readTerm, readTrashEntry } from './trash-decoder.ts'
import { readPulled, readRepository, readUntagged } from './usage-decoder.ts'

/** What stands in for what effects of format 1 do not say. */
export interface FormatOneDefaults {
  /** When manifests were pushed and tags set, in milliseconds since the epoch. */
  readonly time: number
  /** When leases end, in the store's own time. */
  readonly keepUntil: number
}

/**
 * Reads effects, of this format and of format 1. Checked by hand: a schema would take longer than all
 * the rest of a start with many tags. A decoder remembers what it read last, and hands out the same string
 * for the same text: such a string is neither checked nor hashed again.
 */
export class EffectDecoder {
  readonly #defaults: FormatOneDefaults
  #repository: RepositoryName | null = null
  /** That of the last record: its tags follow it. */
  #digest: Digest | null = null
  /** Those of the last record: images of one repository have most of their layers in common. */
  #references: readonly Digest[] = []
  #sawFormatOne = false

  constructor(defaults: FormatOneDefaults) {
    this.#defaults = defaults
  }

  /** Whether it has read an effect of format 1. */
  get sawFormatOne(): boolean {
    return this.#sawFormatOne
  }

  /** The effect a parsed line is; null when it is not one. */
  decode(line: unknown): Effect | null {
    if (!Array.isArray(line)) return null
    switch (line[0]) {
      case 'tag':
        return this.#readTags(line)
      case 'link':
        return this.#readLink(line)
      case 'manifest':
        return this.#readManifest(line)
      case 'time': {
        const now: unknown = line[1]
        return line.length === 2 && isCount(now) ? { kind: 'time', now } : null
      }
      case 'pulls': {
        const since: unknown = line[1]
        return line.length === 2 && isCount(since) ? { kind: 'pulls', since } : null
      }
      case 'located':
      case 'stored':
      case 'hold': {
        const blob = line.length === 4 ? readBlob(line[1], line[2], line[3]) : null
        if (line[0] === 'hold') this.#sawFormatOne = true
        return blob && { kind: line[0] === 'located' ? 'located' : 'stored', blob }
      }
      case 'missing':
      case 'forget':
        return this.#readKey(line, line[0])
      case 'untrash':
      case 'restore':
      case 'trashed': {
        const id = line[1]
        return line.length === 2 && isEntryId(id) ? { kind: line[0], id } : null
      }
      case 'trash': {
        const repository = this.#readRepository(line[2])
        return repository && readTrashEntry(line, repository, (value) => this.#readRecord(value))
      }
      case 'message': {
        const repository = this.#readRepository(line[2])
        return repository && readMessage(line, repository)
      }
      case 'dead':
      case 'unmessage':
        return readOutboxEntry(line)
      case 'trash-tags': {
        const id = line[1]
        const read = isEntryId(id) ? this.#readTimedTags(line, 2) : null
        return read && isEntryId(id) ? { kind: 'trash-tags', id, ...read } : null
      }
      default:
        return this.#readRest(line)
    }
  }

  #readLink(line: readonly unknown[]): Effect | null {
    const repository = this.#readRepository(line[1])
    const blob = readBlob(line[2], line[3], line[4])
    const keepUntil = line.length === 5 ? this.#default('keepUntil') : line[5]
    if (repository === null || blob === null || line.length > 6 || !isCount(keepUntil)) return null
    return { kind: 'link', repository, blob, keepUntil }
  }

  #readManifest(line: readonly unknown[]): Effect | null {
    const repository = this.#readRepository(line[1])
    const record = this.#readRecord(line[2])
    if (repository === null || record === null || line.length > 4) return null
    if (line.length === 3) return { kind: 'manifest', repository, record, keepUntil: 0 }
    const keepUntil = line[3]
    if (!isCount(keepUntil) || keepUntil === 0) return null
    return { kind: 'manifest', repository, record, keepUntil }
  }

  #readTags(line: readonly unknown[]): Effect | null {
    const repository = this.#readRepository(line[1])
    const digest = this.#readDigest(line[2])
    const read = this.#readTimedTags(line, 3)
    if (repository === null || digest === null || read === null) return null
    return { kind: 'tag', repository, digest, ...read }
  }

  /** Tags from a place of the line on, each after the time it was set, or after another of the same time. */
  #readTimedTags(
    line: readonly unknown[],
    start: number,
  ): { readonly tags: readonly Tag[]; readonly times: readonly number[] } | null {
    if (line.length <= start) return null
    const tags: Tag[] = []
    const times: number[] = []
    let time: unknown = typeof line[start] === 'string' ? this.#default('time') : undefined
    let isDue = false
    for (let at = start; at < line.length; at += 1) {
      const item = line[at]
      if (typeof item === 'number') {
        if (isDue || item === time) return null
        time = item
        isDue = true
        continue
      }
      const tag = typeof item === 'string' ? parseTag(item) : null
      if (tag === null || !isCount(time)) return null
      tags.push(tag)
      times.push(time)
      isDue = false
    }
    return isDue ? null : { tags, times }
  }

  #readKey(line: readonly unknown[], kind: 'missing' | 'forget'): Effect | null {
    const digest = readDigest(line[1])
    if (digest === null) return null
    if (kind === 'forget' && line.length === 2) {
      this.#sawFormatOne = true
      return { kind, digest, key: null }
    }
    const key = line[2]
    return line.length === 3 && typeof key === 'string' ? { kind, digest, key } : null
  }

  #readRest(line: readonly unknown[]): Effect | null {
    const repository = this.#readRepository(line[1])
    const kind = line[0]
    if (repository === null) return null
    switch (kind) {
      case 'untag': {
        const term = readTerm(line, 3)
        const tag = typeof line[2] === 'string' ? parseTag(line[2]) : null
        return tag && term && { kind, repository, tag, ...term }
      }
      case 'unlink': {
        const term = readTerm(line, 3)
        const digest = readDigest(line[2])
        return digest && term && { kind, repository, digest, ...term }
      }
      case 'keep': {
        const digest = line.length === 4 ? readDigest(line[2]) : null
        const keepUntil = line[3]
        return digest && isCount(keepUntil) ? { kind, repository, digest, keepUntil } : null
      }
      case 'unmanifest': {
        const keepUntil = line.length === 3 ? this.#default('keepUntil') : line[3]
        const term = line.length === 3 ? {} : readTerm(line, 4)
        const digest = readDigest(line[2])
        if (digest === null || term === null || !isCount(keepUntil)) return null
        return { kind, repository, digest, keepUntil, ...term }
      }
      case 'untagged':
        return readUntagged(line, repository)
      case 'pulled':
        return readPulled(line, repository)
      case 'repository':
        return readRepository(line, repository)
      case 'unrepository': {
        const term = readTerm(line, 2)
        return term && { kind, repository, ...term }
      }
      default:
        return null
    }
  }

  /** Lines of one repository stand together, so its name is seldom checked twice. */
  #readRepository(value: unknown): RepositoryName | null {
    if (typeof value !== 'string') return null
    if (value !== this.#repository) this.#repository = parseRepositoryName(value)
    return this.#repository
  }

  #readRecord(value: unknown): ManifestRecord | null {
    if (typeof value !== 'object' || value === null) return null
    const fields = value as { readonly [name in keyof ManifestRecord | 'key']?: unknown }
    const blob = readBlob(fields.digest, fields.size, fields.key)
    const references = this.#readReferences(fields.references)
    const { mediaType } = fields
    const more = readOptional(fields)
    const pushedAt = fields.pushedAt === undefined ? this.#default('time') : fields.pushedAt
    if (blob === null || references === null || typeof mediaType !== 'string') return null
    if (more === null || !isCount(pushedAt)) return null
    const { digest, size } = blob
    this.#digest = digest
    return { digest, size, mediaType, blob, references, pushedAt, ...more }
  }

  #readReferences(value: unknown): readonly Digest[] | null {
    if (!Array.isArray(value)) return null
    const last = this.#references
    const references: Digest[] = []
    for (const [at, item] of value.entries()) {
      const before = last[at]
      const digest = item === before && before !== undefined ? before : readDigest(item)
      if (digest === null) return null
      references.push(digest)
    }
    this.#references = references
    return references
  }

  #readDigest(value: unknown): Digest | null {
    return value === this.#digest ? this.#digest : readDigest(value)
  }

  #default(field: keyof FormatOneDefaults): number {
    this.#sawFormatOne = true
    return this.#defaults[field]
  }
}
