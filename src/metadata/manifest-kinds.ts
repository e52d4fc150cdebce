import type { Annotations } from '../oci/descriptor.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import { flatCopy } from './packed-text.ts'

/** What a manifest says of itself. Most have it in common with many others, and share it. */
export interface ManifestKind {
  readonly mediaType: string
  readonly artifactType: string | undefined
  readonly subject: string | undefined
  readonly annotations: Annotations | undefined
}

/** With more kinds than this, sharing begins again: clients choose them. */
const mostShared = 1000

/** The kinds that are shared. */
export class ManifestKinds {
  /** By media type, then by artifact type. */
  readonly #shared: Map<string, Map<string | undefined, ManifestKind>> = new Map()
  #size = 0
  /** Those who push, each once: most manifests of a registry are pushed by a few. */
  readonly #names: Map<string, string> = new Map()

  /** Who pushed, as the string that all their manifests share. */
  nameOf(pushedBy: string | undefined): string | null {
    if (pushedBy === undefined) return null
    const known = this.#names.get(pushedBy)
    if (known !== undefined) return known
    if (this.#names.size >= mostShared) this.#names.clear()
    const name = flatCopy(pushedBy)
    this.#names.set(name, name)
    return name
  }

  /** The kind of a record. Nobody changes it, and it keeps no longer text alive. */
  of({ mediaType, artifactType, subject, annotations }: ManifestRecord): ManifestKind {
    const shared =
      this.#shared.get(mediaType)?.get(artifactType) ?? this.#share(mediaType, artifactType)
    if (subject === undefined && annotations === undefined) return shared
    return {
      ...shared,
      subject: subject === undefined ? undefined : flatCopy(subject),
      annotations: annotations === undefined ? undefined : frozenAnnotations(annotations),
    }
  }

  #share(mediaType: string, artifactType: string | undefined): ManifestKind {
    if (this.#size >= mostShared) {
      this.#shared.clear()
      this.#size = 0
    }
    const kind: ManifestKind = {
      mediaType: flatCopy(mediaType),
      artifactType: artifactType === undefined ? undefined : flatCopy(artifactType),
      subject: undefined,
      annotations: undefined,
    }
    const same = this.#shared.get(mediaType)
    if (same === undefined) this.#shared.set(kind.mediaType, new Map([[kind.artifactType, kind]]))
    else same.set(kind.artifactType, kind)
    this.#size += 1
    return kind
  }
}

function frozenAnnotations(annotations: Annotations): Annotations {
  if (Object.isFrozen(annotations)) return annotations
  return Object.freeze(annotations.map(([key, value]) => Object.freeze([key, value] as const)))
}
