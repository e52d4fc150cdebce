import { Slices } from '../../core/slices.ts'
import type { Digest } from '../../oci/digest.ts'
import { manifestShape } from '../../oci/media-types.ts'
import type { Reference } from '../../oci/reference.ts'
import type { ManifestInfo } from '../../ports/registry-service.ts'
import { type DocumentBudget, documentBudget, loadDocuments } from '../artifact/load-contents.ts'
import { type RepositoryReader, readManifest } from '../artifact/read-content.ts'
import { atOnce } from '../facts/at-once.ts'
import { timeOf } from '../readers/image-config.ts'
import { kindOf, tagsAttachedTo } from '../readers/kinds.ts'
import { entryOf, type ManifestDetails } from '../readers/manifest-details.ts'
import { nothing } from '../readers/shapes.ts'
import { bySubject } from './by-subject.ts'
import { apart, inShort, saysSubject, typeOf } from './node-facts.ts'
import type { AttachedTo, ReferrerNode, ReferrersData } from './referrers-data.ts'

/** Referrers in one answer. */
const mostNodes = 100
/** Referrers that are read at the same time. */
const lanes = 8
/** How deep referrers of referrers are followed. */
const deepest = 4
/** Manifests of an index whose referrers are looked for. */
const mostPlatforms = 50
/** Referrers whose manifests are larger are not read, in bytes. */
const mostManifestBytes = 256 * 1024
/** Bytes of referrers whose manifests lists may read for annotations. */
const mostListedBytes = 16 * 1024 * 1024
/** Of one referrer. */
const mostAnnotations = 20

/** Collects what is attached to a tag or digest; null where the repository does not have it. */
export async function loadReferrers(
  reader: RepositoryReader,
  reference: Reference,
): Promise<ReferrersData | null> {
  const manifest = await readManifest(reader, reference)
  if (manifest === null) return null
  const { digest, mediaType, details } = manifest
  const tag = reference.kind === 'tag' ? reference.tag : null
  const walk = new ReferrersWalk(reader, digest)
  const own = await walk.referrersOf(digest, 0)
  const subjects: AttachedTo[] = [{ digest, platform: null, referrers: own }]
  if (manifestShape(mediaType) === 'index' && typeof details === 'object') {
    subjects.push(...(await ofPlatforms(walk, details)))
  }
  const some = subjects.filter(({ referrers }) => referrers.length > 0)
  return { repository: reader.repository, tag, digest, subjects: some, isCut: walk.isCut }
}

/** What is attached to the manifests of an index, by referrers and beside them in the index. */
async function ofPlatforms(
  walk: ReferrersWalk,
  { manifests: { items, count } }: ManifestDetails,
): Promise<readonly AttachedTo[]> {
  if (count > mostPlatforms) walk.isCut = true
  const subjects: AttachedTo[] = []
  const besideOf = bySubject(items)
  const seen: Set<Digest> = new Set()
  for (const { digest, platform, annotations } of items.slice(0, mostPlatforms)) {
    if (digest === null || entryOf(annotations, 'vnd.docker.reference.type') !== null) continue
    // An index may name one manifest a thousand times.
    if (seen.has(digest)) continue
    seen.add(digest)
    const beside: ReferrerNode[] = []
    for (const other of besideOf.get(digest) ?? []) {
      if (other.digest === null) continue
      const node = await walk.node({ kind: 'digest', digest: other.digest }, 'index', digest, 0)
      if (node !== null) beside.push(node)
    }
    const referrers = [...beside, ...(await walk.referrersOf(digest, 0))]
    subjects.push({ digest, platform, referrers })
  }
  return subjects
}

type FoundManifest = Pick<ManifestInfo, 'digest' | 'mediaType' | 'size'>
type NodeFacts = Omit<ReferrerNode, 'by' | 'isAboutSubject' | 'referrers'>

/** Follows referrers, each manifest once, as far as there are not too many of them. */
class ReferrersWalk {
  isCut = false
  readonly #reader: RepositoryReader
  readonly #seen: Set<Digest>
  readonly #budget: DocumentBudget = documentBudget()
  readonly #slices = new Slices()
  #left = mostNodes
  #leftBytes = mostListedBytes

  /** @param start is not attached to anything here, whatever refers to what */
  constructor(reader: RepositoryReader, start: Digest) {
    this.#reader = reader
    this.#seen = new Set([start])
  }

  /** What is attached to a manifest: by its digest as a subject, and by the name of a tag. */
  async referrersOf(subject: Digest, depth: number): Promise<readonly ReferrerNode[]> {
    const { service, call, repository } = this.#reader
    await this.#slices.next()
    if (depth === deepest || this.#left === 0 || this.#leftBytes <= 0) {
      const [counts = []] = await service.countReferrers(call, repository, [subject])
      if (counts.length > 0) this.isCut = true
      return []
    }
    const page = await service.listReferrers(call, repository, subject, {})
    for (const { size } of page.items.slice(0, mostNodes)) this.#leftBytes -= size
    if (page.more) this.isCut = true
    const nodes = await this.#listed(page.items, subject, depth)
    const add = async (reference: Reference, by: ReferrerNode['by']): Promise<void> => {
      const node = await this.node(reference, by, subject, depth)
      if (node !== null) nodes.push(node)
    }
    for (const tag of depth === 0 ? tagsAttachedTo(subject) : []) {
      const found = await service.statManifest(call, repository, { kind: 'tag', tag })
      if (found === null) continue
      const isList = manifestShape(found.mediaType) === 'index'
      const digests = isList ? await this.#namedBy(found.digest) : [found.digest]
      for (const digest of digests) await add({ kind: 'digest', digest }, 'tag')
    }
    return nodes
  }

  /** A manifest that is attached to another; null where it is not there, or stands in the answer already. */
  async node(
    reference: Reference,
    by: ReferrerNode['by'],
    subject: Digest,
    depth: number,
  ): Promise<ReferrerNode | null> {
    if (reference.kind === 'digest' && this.#seen.has(reference.digest)) return null
    if (this.#left === 0) {
      this.isCut = true
      return null
    }
    const { service, call, repository } = this.#reader
    const found = await service.statManifest(call, repository, reference)
    return found && this.#take(found) ? this.#nodeOf(found, by, subject, depth, true) : null
  }

  /** What a list of referrers has: those of a level first, and then what refers to them. */
  async #listed(
    items: readonly FoundManifest[],
    subject: Digest,
    depth: number,
  ): Promise<ReferrerNode[]> {
    const { service, call, repository } = this.#reader
    const listed = items.filter((item) => this.#take(item))
    // Asked for all together: most have none, and each would be a question of its own.
    const digests = listed.map(({ digest }) => digest)
    const counts = await service.countReferrers(call, repository, digests)
    const nodes = await atOnce([...listed.entries()], lanes, ([at, found]) =>
      this.#nodeOf(found, 'subject', subject, depth, counts[at]?.length !== 0),
    )
    return [...nodes]
  }

  /** Whether a manifest is to stand in the answer: not where it does already, or where there are too many. */
  #take({ digest }: FoundManifest): boolean {
    if (this.#seen.has(digest)) return false
    if (this.#left === 0) {
      this.isCut = true
      return false
    }
    this.#seen.add(digest)
    this.#left -= 1
    return true
  }

  async #nodeOf(
    found: FoundManifest,
    by: ReferrerNode['by'],
    subject: Digest,
    depth: number,
    mayHaveReferrers: boolean,
  ): Promise<ReferrerNode> {
    const facts = await this.#read(found)
    const isAboutSubject = saysSubject(facts, subject)
    return {
      ...facts,
      by,
      isAboutSubject,
      referrers: mayHaveReferrers ? await this.referrersOf(found.digest, depth + 1) : [],
    }
  }

  async #read({ digest, mediaType, size }: FoundManifest): Promise<NodeFacts> {
    await this.#slices.next()
    const isRead = size <= mostManifestBytes
    const manifest = isRead ? await readManifest(this.#reader, { kind: 'digest', digest }) : null
    const details = manifest?.details
    if (typeof details !== 'object') {
      const why = isRead ? (details ?? 'unreadable') : 'too-large'
      const unreadable = [{ what: 'manifest', digest, why } as const]
      const contents = { signature: null, documents: [], unreadable }
      const none = { artifactType: null, createdAt: null, annotations: nothing }
      return { digest, kind: 'artifact', mediaType, size, ...none, ...contents }
    }
    const { annotations } = details
    const kind = kindOf(mediaType, details)
    const created = entryOf(annotations, 'org.opencontainers.image.created')
    const contents = await loadDocuments(this.#reader, kind, details, this.#budget)
    return apart({
      digest,
      kind,
      mediaType,
      artifactType: typeOf(details),
      size,
      createdAt: timeOf(created ?? undefined),
      annotations: { ...annotations, items: annotations.items.slice(0, mostAnnotations) },
      ...contents,
      documents: contents.documents.map(inShort),
    })
  }

  /** The manifests of an index that clients keep as a list of referrers. */
  async #namedBy(digest: Digest): Promise<readonly Digest[]> {
    const { details } = (await readManifest(this.#reader, { kind: 'digest', digest })) ?? {}
    const { items } = typeof details === 'object' ? details.manifests : nothing
    return items.flatMap((item) => item.digest ?? []).slice(0, mostNodes)
  }
}
