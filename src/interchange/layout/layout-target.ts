import { type Digest, parseDigest } from '../../oci/digest.ts'
import { mediaTypes } from '../../oci/media-types.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { Tag } from '../../oci/tag.ts'
import type { HashFactory } from '../../ports/streaming-hash.ts'
import type {
  BlobWriter,
  ContentTarget,
  NamedContent,
  TagOutcome,
  TargetManifest,
} from '../content.ts'
import { hashOf } from '../read-manifest.ts'
import { annotationKeys } from './layout-index.ts'
import { isRefName, referrersTag } from './layout-names.ts'
import { type IndexEntry, mergeIndex } from './merge-index.ts'
import { RepositoryIndex } from './repository-index.ts'

/** Where a layout is written: a folder or an archive. */
export interface LayoutWriter {
  /** The `index.json` that is there; null where there is none. */
  index(): Promise<Uint8Array | null>
  /** Whether the bytes are there, and are those of the digest. */
  has(digest: Digest): Promise<boolean>
  wantsVerified?(size: number): boolean
  stage(digest: Digest, size: number): Promise<BlobWriter>
  /** Writes `index.json`, in one step, once everything else is durable. */
  finish(index: Uint8Array): Promise<void>
}

/** Settings of {@link layoutTarget}. */
export interface LayoutTargetOptions {
  /**
   * Whether names have their repository before them, as `team/app:v1`: for a layout of several repositories.
   * Without it they are tags, which every client finds.
   */
  readonly wholeNames: boolean
  /**
   * Whether what comes of a repository is all that it has, so that what the layout had of it before goes.
   * Default: it is.
   */
  readonly isWhole?: (repository: RepositoryName) => boolean
  readonly hash: HashFactory
}

/** A target that can say what of it other programs do not find. */
export interface LayoutTarget extends ContentTarget {
  /** Tags that are not legal as names in a layout: an import finds them, other programs by digest alone. */
  readonly hiddenTags: readonly string[]
}

/**
 * An image layout, to be filled (image-spec, image-layout.md). What its index says of other repositories stays;
 * what it says of those that come now is made again.
 */
export function layoutTarget(writer: LayoutWriter, options: LayoutTargetOptions): LayoutTarget {
  return new Target(writer, options)
}

class Target implements LayoutTarget {
  readonly #writer: LayoutWriter
  readonly #options: LayoutTargetOptions
  readonly #repositories: Map<RepositoryName, RepositoryIndex> = new Map()
  readonly #looked: Map<Digest, Promise<boolean>> = new Map()
  readonly hiddenTags: string[] = []

  constructor(writer: LayoutWriter, options: LayoutTargetOptions) {
    this.#writer = writer
    this.#options = options
  }

  wantsVerified(size: number): boolean {
    return this.#writer.wantsVerified?.(size) ?? false
  }

  hasBlob(_: RepositoryName, { digest }: NamedContent): Promise<boolean> {
    return this.#has(digest)
  }

  async stageBlob(_: RepositoryName, { digest, size }: NamedContent): Promise<BlobWriter> {
    const writer = await this.#writer.stage(digest, size)
    const commit = async (): Promise<void> => {
      await writer.commit()
      this.#looked.set(digest, Promise.resolve(true))
    }
    return { write: (chunk) => writer.write(chunk), commit, discard: () => writer.discard() }
  }

  async putManifest(
    repository: RepositoryName,
    manifest: TargetManifest,
  ): Promise<'stored' | 'same'> {
    this.#of(repository).add(manifest)
    const { digest, bytes } = manifest
    return await this.#put(digest, bytes)
  }

  async setTag(
    repository: RepositoryName,
    tag: Tag,
    { digest }: TargetManifest,
    { updatedAt }: { readonly moves: boolean; readonly updatedAt?: number },
  ): Promise<TagOutcome> {
    this.#of(repository).tag(tag, digest, updatedAt)
    return { kind: 'set' }
  }

  async finish(): Promise<void> {
    const entries: IndexEntry[] = []
    this.hiddenTags.length = 0
    for (const [name, repository] of [...this.#repositories].sort(byName)) {
      entries.push(...repository.entries((tag) => this.#annotationsOf(name, tag)))
      if (!this.#options.wholeNames) entries.push(...(await this.#referrers(name, repository)))
    }
    const before = await this.#writer.index()
    const { isWhole = () => true } = this.#options
    const isReplaced = (name: RepositoryName): boolean => {
      return this.#repositories.has(name) && isWhole(name)
    }
    await this.#writer.finish(mergeIndex(before, entries, isReplaced))
  }

  /** Lists of referrers under the tags of the tag schema, for clients that look for them there. */
  async #referrers(name: RepositoryName, repository: RepositoryIndex): Promise<IndexEntry[]> {
    const entries: IndexEntry[] = []
    for (const [subject, manifests] of repository.referrers()) {
      const tag = referrersTag(subject)
      if (parseDigest(subject) === null || repository.hasTag(tag)) continue
      const list = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }
      const bytes = new TextEncoder().encode(JSON.stringify(list))
      const digest = await hashOf(this.#options.hash, 'sha256', bytes)
      await this.#put(digest, bytes)
      const annotations = {
        [annotationKeys.refName]: tag,
        [annotationKeys.repository]: name,
        [annotationKeys.referrersOf]: subject,
      }
      entries.push({ mediaType: list.mediaType, digest, size: bytes.byteLength, annotations })
    }
    return entries
  }

  async #put(digest: Digest, bytes: Uint8Array): Promise<'stored' | 'same'> {
    if (await this.#has(digest)) return 'same'
    const writer = await this.#writer.stage(digest, bytes.byteLength)
    try {
      await writer.write(bytes.slice())
      await writer.commit()
    } catch (error) {
      await writer.discard().catch(() => {})
      throw error
    }
    this.#looked.set(digest, Promise.resolve(true))
    return 'stored'
  }

  /** Looks at the bytes of a digest once. */
  #has(digest: Digest): Promise<boolean> {
    const known = this.#looked.get(digest)
    if (known !== undefined) return known
    const looked = this.#writer.has(digest)
    this.#looked.set(digest, looked)
    looked.catch(() => this.#looked.delete(digest))
    return looked
  }

  #of(name: RepositoryName): RepositoryIndex {
    let repository = this.#repositories.get(name)
    if (repository === undefined) {
      repository = new RepositoryIndex()
      this.#repositories.set(name, repository)
    }
    return repository
  }

  #annotationsOf(repository: RepositoryName, tag: Tag | null): Record<string, string> {
    const own = { [annotationKeys.repository]: repository }
    if (tag === null) return own
    const name = this.#options.wholeNames ? `${repository}:${tag}` : tag
    const isLegal = isRefName(name)
    if (!isLegal) this.hiddenTags.push(`${repository}:${tag}`)
    return {
      ...(isLegal ? { [annotationKeys.refName]: name } : {}),
      ...own,
      [annotationKeys.tag]: tag,
    }
  }
}

function byName([one]: [string, unknown], [other]: [string, unknown]): number {
  return one < other ? -1 : 1
}
