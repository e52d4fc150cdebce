import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import type { Holding } from './holdings.ts'
import type { ManifestKind, ManifestKinds } from './manifest-kinds.ts'
import { type NameList, noNames, sizeOf } from './name-list.ts'

/** What is known of a manifest, beside where its bytes are. Nobody changes it. */
export interface ManifestFacts {
  readonly kind: ManifestKind
  readonly references: readonly Digest[]
  readonly pushedAt: number
  /** When its last tag left it, in milliseconds since the epoch; null where it has tags, or never had any. */
  readonly untaggedAt: number | null
  /** The hour of its last pull, counted from the epoch; 0 where none was noted. */
  readonly pulledHour: number
  /** Who pushed it last; null where that is not known. */
  readonly pushedBy: string | null
  /** As in its record; null where that does not say it. */
  readonly contentSize: number | null
}

/** Pulls are noted by the hour: a small number, which takes no memory of its own. */
export const hourMs: number = 60 * 60 * 1000

const noReferences: readonly never[] = Object.freeze([])

const noKind: ManifestKind = {
  mediaType: '',
  artifactType: undefined,
  subject: undefined,
  annotations: undefined,
}

/**
 * A manifest from its push to its deletion. Tags point at it, so that all of them end with it in one
 * step; one that is pushed again later is another. Its record is made when it is asked for: there are
 * many manifests, and an object in an object costs more than what is in it.
 */
export class StoredManifest implements ManifestFacts {
  readonly digest: Digest
  /** Its bytes; null once it is deleted, and while a journal is replayed that is yet to record it. */
  holding: Holding | null = null
  kind: ManifestKind = noKind
  references: readonly Digest[] = noReferences
  pushedAt = 0
  untaggedAt: number | null = null
  pulledHour = 0
  pushedBy: string | null = null
  contentSize: number | null = null
  /** The same where the record does not say it, once someone asked; -1 where it is not known. */
  countedSize: number | null = null
  tags: NameList<Tag> = noNames
  /**
   * How long after its push, in milliseconds: mostly not at all, and V8 keeps small numbers, or null, in
   * the object itself.
   */
  #taggedAfter: number | null = null

  constructor(digest: Digest) {
    this.digest = digest
  }

  /** How many tags stand for it. */
  get tagCount(): number {
    return sizeOf(this.tags)
  }

  /** When those of its tags were set that have no entry of their own. */
  get taggedAt(): number {
    return this.pushedAt + (this.#taggedAfter ?? 0)
  }

  set taggedAt(time: number) {
    this.#taggedAfter = time === this.pushedAt ? null : time - this.pushedAt
  }

  /** What it says it refers to. */
  get subject(): string | undefined {
    return this.kind.subject
  }

  get artifactType(): string | undefined {
    return this.kind.artifactType
  }

  /** What is known of it; null while it is not recorded. */
  get facts(): ManifestFacts | null {
    if (this.holding === null) return null
    const { kind, references, pushedAt, untaggedAt, pulledHour, pushedBy, contentSize } = this
    return { kind, references, pushedAt, untaggedAt, pulledHour, pushedBy, contentSize }
  }

  /** Records it, or takes its record away. */
  set(holding: Holding | null, facts: ManifestFacts | null): void {
    const { taggedAt } = this
    this.holding = holding
    this.kind = facts?.kind ?? noKind
    this.references = facts?.references ?? noReferences
    this.pushedAt = facts?.pushedAt ?? 0
    this.untaggedAt = facts?.untaggedAt ?? null
    this.pulledHour = facts?.pulledHour ?? 0
    this.pushedBy = facts?.pushedBy ?? null
    this.contentSize = facts?.contentSize ?? null
    this.countedSize = null
    this.taggedAt = taggedAt
  }

  /** Its record, its bytes missing or not; null while it is not recorded. */
  get record(): ManifestRecord | null {
    return this.holding === null ? null : recordFrom(this, this.holding.ref)
  }

  /** Its record as readers get it: null also while its bytes are known to be missing. */
  get readable(): ManifestRecord | null {
    return this.holding === null || this.holding.isMissing
      ? null
      : recordFrom(this, this.holding.ref)
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** The record of a manifest whose bytes are where `blob` says. */
export function recordFrom(facts: ManifestFacts, blob: BlobRef): ManifestRecord {
  const { kind, references, pushedAt, untaggedAt, pulledHour, pushedBy, contentSize } = facts
  const { mediaType, artifactType, subject, annotations } = kind
  const { digest, size } = blob
  const record: Mutable<ManifestRecord> = { digest, size, mediaType, blob, references, pushedAt }
  if (artifactType !== undefined) record.artifactType = artifactType
  if (subject !== undefined) record.subject = subject
  if (annotations !== undefined) record.annotations = annotations
  if (untaggedAt !== null) record.untaggedAt = untaggedAt
  if (pulledHour > 0) record.pulledAt = pulledHour * hourMs
  if (pushedBy !== null) record.pushedBy = pushedBy
  if (contentSize !== null) record.contentSize = contentSize
  return record
}

/**
 * What is kept of a record.
 *
 * @param references those of the record, as the strings that all share
 */
export function factsOf(
  record: ManifestRecord,
  references: readonly Digest[],
  kinds: ManifestKinds,
): ManifestFacts {
  return {
    kind: kinds.of(record),
    references: references.length === 0 ? noReferences : Object.freeze(references),
    pushedAt: record.pushedAt,
    untaggedAt: record.untaggedAt ?? null,
    pulledHour: Math.floor((record.pulledAt ?? 0) / hourMs),
    pushedBy: kinds.nameOf(record.pushedBy),
    contentSize: record.contentSize ?? null,
  }
}
