import type { Annotations } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import type { BlobRef } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import type { Holding } from './holdings.ts'
import { type NameList, noNames, sizeOf } from './name-list.ts'
import { flatCopy, type SharedTexts } from './packed-text.ts'

/** What few manifests have. */
export interface ManifestExtras {
  readonly subject: string | undefined
  readonly annotations: Annotations | undefined
}

/** What is known of a manifest, beside where its bytes are. Nobody changes it. */
export interface ManifestFacts {
  readonly mediaType: string
  readonly artifactType: string | undefined
  readonly references: readonly Digest[]
  readonly pushedAt: number
  readonly extras: ManifestExtras | null
}

const noReferences: readonly never[] = Object.freeze([])

/**
 * A manifest from its push to its deletion. Tags point at it, so that all of them end with it in one
 * step; one that is pushed again later is another. Its record is made when it is asked for: there are
 * many manifests, and an object in an object costs more than what is in it.
 */
export class StoredManifest implements ManifestFacts {
  readonly digest: Digest
  /** Its bytes; null once it is deleted, and while a journal is replayed that is yet to record it. */
  holding: Holding | null = null
  mediaType = ''
  artifactType: string | undefined = undefined
  references: readonly Digest[] = noReferences
  pushedAt = 0
  extras: ManifestExtras | null = null
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
    return this.extras?.subject
  }

  /** What is known of it; null while it is not recorded. */
  get facts(): ManifestFacts | null {
    if (this.holding === null) return null
    const { mediaType, artifactType, references, pushedAt, extras } = this
    return { mediaType, artifactType, references, pushedAt, extras }
  }

  /** Records it, or takes its record away. */
  set(holding: Holding | null, facts: ManifestFacts | null): void {
    const { taggedAt } = this
    this.holding = holding
    this.mediaType = facts?.mediaType ?? ''
    this.artifactType = facts?.artifactType
    this.references = facts?.references ?? noReferences
    this.pushedAt = facts?.pushedAt ?? 0
    this.extras = facts?.extras ?? null
    this.taggedAt = taggedAt
  }

  /** Its record, its bytes missing or not; null while it is not recorded. */
  get record(): ManifestRecord | null {
    return this.holding === null ? null : this.#recordOf(this.holding.ref)
  }

  /** Its record as readers get it: null also while its bytes are known to be missing. */
  get readable(): ManifestRecord | null {
    return this.holding === null || this.holding.isMissing ? null : this.#recordOf(this.holding.ref)
  }

  #recordOf(blob: BlobRef): ManifestRecord {
    const { mediaType, references, pushedAt, artifactType, extras } = this
    const { digest, size } = blob
    if (extras === null) {
      return artifactType === undefined
        ? { digest, size, mediaType, blob, references, pushedAt }
        : { digest, size, mediaType, blob, references, pushedAt, artifactType }
    }
    const { subject, annotations } = extras
    return {
      ...{ digest, size, mediaType, blob, references, pushedAt },
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(subject === undefined ? {} : { subject }),
      ...(annotations === undefined ? {} : { annotations }),
    }
  }
}

/**
 * What is kept of a record.
 *
 * @param references those of the record, as the strings that all share
 */
export function factsOf(
  { mediaType, artifactType, subject, annotations, pushedAt }: ManifestRecord,
  references: readonly Digest[],
  texts: SharedTexts,
): ManifestFacts {
  const hasExtras = subject !== undefined || annotations !== undefined
  return {
    mediaType: texts.of(mediaType),
    artifactType: artifactType === undefined ? undefined : texts.of(artifactType),
    references: references.length === 0 ? noReferences : Object.freeze(references),
    pushedAt,
    extras: hasExtras ? extrasOf(subject, annotations) : null,
  }
}

function extrasOf(
  subject: string | undefined,
  annotations: Annotations | undefined,
): ManifestExtras {
  return {
    subject: subject === undefined ? undefined : flatCopy(subject),
    annotations: annotations === undefined ? undefined : frozenAnnotations(annotations),
  }
}

function frozenAnnotations(annotations: Annotations): Annotations {
  if (Object.isFrozen(annotations)) return annotations
  return Object.freeze(annotations.map(([key, value]) => Object.freeze([key, value] as const)))
}
