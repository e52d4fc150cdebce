import type { CopyProblem } from '../../copy/report.ts'
import { type Digest, parseDigest } from '../../oci/digest.ts'
import { manifestShape, mediaTypes } from '../../oci/media-types.ts'
import type { Reference } from '../../oci/reference.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import { parseTag, type Tag } from '../../oci/tag.ts'
import {
  ContentFault,
  type ContentRoot,
  type ContentSource,
  type NamedContent,
  type SourceBlob,
  type SourceManifest,
} from '../content.ts'
import { mostManifestBytes } from '../read-manifest.ts'
import { annotationKeys, type LayoutEntry, readLayoutIndex } from './layout-index.ts'
import { isReferrersTag, referrersTag } from './layout-names.ts'
import { subjectIn } from './subject-in.ts'

/**
 * Bytes of one image layout. What cannot be read safely is not read: no link is followed.
 * Methods throw {@link ContentFault}.
 */
export interface LayoutReader {
  /** The bytes of `index.json`. */
  index(): Promise<Uint8Array>
  /** All bytes under a digest, which may be others than it says. Fault where they are more than `most`. */
  read(digest: Digest, most: number): Promise<Uint8Array>
  open(digest: Digest): Promise<SourceBlob>
}

/** An entry, and the tag it has in its repository. */
export interface TaggedEntry {
  readonly entry: LayoutEntry
  readonly tag: Tag | null
  /** A name that is no tag. */
  readonly unusable: string | null
}

/** A layout as one repository sees it. */
export interface LayoutView {
  readonly reader: LayoutReader
  readonly entries: readonly TaggedEntry[]
  /** Whether a list of referrers under a tag of the tag schema is what a client keeps there, and nobody's tag. */
  readonly hidesTagSchema: boolean
}

/** Layouts, by the repositories that they hold. */
export interface Layouts {
  repositories(): AsyncIterable<RepositoryName>
  /** @throws ContentFault */
  view(repository: RepositoryName): Promise<LayoutView>
  /** What was found in them and is not a repository. */
  problems?(): readonly CopyProblem[]
}

/** Content of image layouts: the entries of their indexes, what those name, and referrers by both schemas. */
export function layoutSource(layouts: Layouts): ContentSource {
  return new LayoutSource(layouts)
}

/** The view of a folder that is one repository of a registry: the names of its entries are its tags. */
export async function wholeLayout(reader: LayoutReader): Promise<LayoutView> {
  const entries = readLayoutIndex(await reader.index()).map((entry): TaggedEntry => {
    const name = entry.annotations.get(annotationKeys.refName)
    if (name === undefined) return { entry, tag: null, unusable: null }
    const tag = parseTag(name)
    return { entry, tag, unusable: tag === null ? name : null }
  })
  return { reader, entries, hidesTagSchema: false }
}

class LayoutSource implements ContentSource {
  readonly listsManifests = true
  readonly #layouts: Layouts
  /** Those that were looked at last. */
  readonly #views: Map<RepositoryName, Promise<KnownView>> = new Map()
  readonly #bySubject: Map<RepositoryName, Promise<ReadonlyMap<string, readonly Digest[]>>> =
    new Map()

  constructor(layouts: Layouts) {
    this.#layouts = layouts
  }

  repositories(): AsyncIterable<RepositoryName> {
    return this.#layouts.repositories()
  }

  async problems(): Promise<readonly CopyProblem[]> {
    return this.#layouts.problems?.() ?? []
  }

  async *roots(
    repository: RepositoryName,
    only: readonly Tag[] | null,
  ): AsyncGenerator<ContentRoot> {
    const view = await this.#view(repository)
    const wanted = only === null ? null : new Set(only)
    for (const one of view.entries) {
      if (wanted !== null && (one.tag === null || !wanted.delete(one.tag))) continue
      yield* this.#rootsOf(view, one)
    }
    for (const tag of wanted ?? []) {
      const detail = 'there is no such tag'
      yield { tag, digest: null, problem: { kind: 'missing', what: 'tag', name: tag, detail } }
    }
  }

  async *#rootsOf(
    view: LayoutView,
    { entry, tag, unusable }: TaggedEntry,
  ): AsyncGenerator<ContentRoot> {
    const digest = parseDigest(entry.digest)
    if (digest === null) {
      const detail = `${JSON.stringify(entry.digest.slice(0, 100))} is not a digest of sha256 or sha512`
      const name = tag ?? unusable ?? 'index.json'
      yield { tag, digest, problem: { kind: 'unsupported', what: 'manifest', name, detail } }
      return
    }
    const referrers = await referrersIn(view, entry, tag, digest)
    if (referrers !== null) {
      for (const one of referrers) yield { tag: null, digest: one }
      return
    }
    if (unusable !== null) {
      const detail = `this is not a tag; ${digest} comes without one`
      yield {
        tag,
        digest,
        problem: { kind: 'unsupported', what: 'tag', name: unusable.slice(0, 200), detail },
      }
    }
    const updatedAt = timeOf(entry, annotationKeys.updatedAt)
    yield { tag, digest, ...(updatedAt === undefined ? {} : { updatedAt }) }
  }

  async readManifest(repository: RepositoryName, reference: Reference): Promise<SourceManifest> {
    if (reference.kind === 'tag') throw new ContentFault('missing', 'there is no such tag')
    const { digest } = reference
    const { reader, byDigest } = await this.#view(repository)
    const bytes = await reader.read(digest, mostManifestBytes)
    const entry = byDigest.get(digest)
    const pushedAt = entry === undefined ? undefined : timeOf(entry, annotationKeys.pushedAt)
    return {
      digest,
      bytes,
      ...(entry && manifestShape(entry.mediaType) !== null ? { mediaType: entry.mediaType } : {}),
      ...(pushedAt === undefined ? {} : { pushedAt }),
    }
  }

  async openBlob(repository: RepositoryName, { digest }: NamedContent): Promise<SourceBlob> {
    return await (await this.#view(repository)).reader.open(digest)
  }

  async *referrers(repository: RepositoryName, subject: Digest): AsyncGenerator<Digest> {
    let known = this.#bySubject.get(repository)
    if (known === undefined) {
      known = bySubject(await this.#view(repository))
      this.#bySubject.set(repository, known)
    }
    yield* (await known).get(subject) ?? []
  }

  #view(repository: RepositoryName): Promise<KnownView> {
    const known = this.#views.get(repository)
    if (known !== undefined) return known
    const view = this.#layouts.view(repository).then((one) => ({
      ...one,
      byDigest: new Map(one.entries.map(({ entry }) => [entry.digest, entry])),
    }))
    this.#views.set(repository, view)
    const [oldest] = this.#views.keys()
    if (this.#views.size > mostViews && oldest !== undefined) this.#views.delete(oldest)
    return view
  }
}

interface KnownView extends LayoutView {
  readonly byDigest: ReadonlyMap<string, LayoutEntry>
}

/** Views in memory: more than repositories are transferred at a time. */
const mostViews = 8

/** The manifests in a list of referrers, which is not content by itself; null for everything else. */
async function referrersIn(
  { reader, hidesTagSchema }: LayoutView,
  { annotations, mediaType }: LayoutEntry,
  tag: Tag | null,
  digest: Digest,
): Promise<readonly Digest[] | null> {
  const isList =
    annotations.has(annotationKeys.referrersOf) || annotations.has(annotationKeys.olaregReferrers)
  const isCalledSo = hidesTagSchema && tag !== null && isReferrersTag(tag)
  if (!isList && !(isCalledSo && mediaType === mediaTypes.ociIndex)) return null
  const list = readLayoutIndex(await reader.read(digest, mostManifestBytes))
  const digests = list.flatMap((one) => parseDigest(one.digest) ?? [])
  if (isList) return digests
  for (const one of digests) {
    const bytes = await reader.read(one, mostManifestBytes).catch(() => null)
    // An index of something else, which happens to be called so: it is a tag.
    if (bytes === null || referrersTag(subjectIn(bytes) ?? '') !== tag) return null
  }
  return digests
}

async function bySubject(view: LayoutView): Promise<ReadonlyMap<string, readonly Digest[]>> {
  const found: Map<string, Set<Digest>> = new Map()
  const look = async (digest: Digest): Promise<void> => {
    const bytes = await view.reader.read(digest, mostManifestBytes).catch(() => null)
    const subject = bytes === null ? null : subjectIn(bytes)
    if (subject === null) return
    const digests = found.get(subject) ?? new Set()
    found.set(subject, digests.add(digest))
  }
  for (const { entry, tag } of view.entries) {
    const digest = parseDigest(entry.digest)
    if (digest === null) continue
    const list = await referrersIn(view, entry, tag, digest)
    for (const one of list ?? [digest]) await look(one)
  }
  return new Map([...found].map(([subject, digests]) => [subject, [...digests]]))
}

function timeOf({ annotations }: LayoutEntry, key: string): number | undefined {
  const time = Date.parse(annotations.get(key) ?? '')
  return Number.isNaN(time) ? undefined : time
}
