import {
  type Digest,
  parseDigest,
  parseRepositoryName,
  parseTag,
  type Reference,
  type RepositoryName,
  type Tag,
} from '../../src/index.ts'
import {
  algorithmOf,
  ContentFault,
  type ContentRoot,
  type ContentSource,
  type CopyProblem,
  encodedOf,
  isDigestAlgorithm,
  mostManifestBytes,
  type NamedContent,
  type SourceBlob,
  type SourceManifest,
  subjectIn,
} from '../../src/kit.ts'
import { FolderProblems } from './folder-problems.ts'
import type { SafeFolder } from './safe-folder.ts'

const deepest = 128
/** A link is the text of a digest. */
const mostLinkBytes = 1024

/** Where a folder that distribution writes has its registry: null where it is none. */
export async function distributionRoot(folder: SafeFolder): Promise<readonly string[] | null> {
  for (const root of [['docker', 'registry', 'v2'], ['registry', 'v2'], ['v2'], []]) {
    const isOne = (await folder.kind([...root, 'repositories'])) === 'folder'
    if (isOne && (await folder.kind([...root, 'blobs'])) !== null) return root
  }
  return null
}

/**
 * The folder of distribution, `docker/registry/v2` in its `rootdirectory`. A manifest is there as long as its
 * repository has a link to it, and a blob too: what was deleted has lost its link, and its bytes may still be there.
 */
export function distributionSource(folder: SafeFolder, root: readonly string[]): ContentSource {
  return new DistributionSource(folder, root)
}

class DistributionSource implements ContentSource {
  readonly listsManifests = true
  readonly #folder: SafeFolder
  readonly #root: readonly string[]
  readonly #problems: FolderProblems = new FolderProblems()
  readonly #bySubject: Map<RepositoryName, Promise<ReadonlyMap<string, readonly Digest[]>>> =
    new Map()

  constructor(folder: SafeFolder, root: readonly string[]) {
    this.#folder = folder
    this.#root = root
  }

  repositories(): AsyncIterable<RepositoryName> {
    return this.#repositories([])
  }

  async *#repositories(path: readonly string[]): AsyncGenerator<RepositoryName> {
    const inside: string[] = []
    let isOne = false
    for await (const { name, kind } of this.#folder.list(this.#repository(path))) {
      if (name === '_manifests') isOne = true
      if (name.startsWith('_')) continue
      if (kind === 'folder') inside.push(name)
      else if (kind === 'other') this.#problems.notFollowed([...path, name])
    }
    if (isOne) {
      const name = parseRepositoryName(path.join('/'))
      if (name === null) this.#problems.notAName(path)
      else yield name
    }
    if (path.length >= deepest) return
    for (const one of inside.sort()) yield* this.#repositories([...path, one])
  }

  async problems(): Promise<readonly CopyProblem[]> {
    return this.#problems.found
  }

  async *roots(
    repository: RepositoryName,
    only: readonly Tag[] | null,
  ): AsyncGenerator<ContentRoot> {
    const manifests = this.#repository([...repository.split('/'), '_manifests'])
    if ((await this.#folder.kind(manifests)) === null) {
      throw new ContentFault('missing', 'there is no such repository')
    }
    if (only === null) {
      for await (const digest of this.#revisions(repository)) yield { tag: null, digest }
    }
    for await (const name of only ?? this.#tags(repository)) yield await this.#tag(repository, name)
  }

  async *#tags(repository: RepositoryName): AsyncGenerator<string> {
    for await (const { name } of this.#folder.list(this.#manifests(repository, 'tags'))) yield name
  }

  async #tag(repository: RepositoryName, name: string): Promise<ContentRoot> {
    const problem = (kind: CopyProblem['kind'], detail: string): ContentRoot => {
      return { tag: null, digest: null, problem: { kind, what: 'tag', name, detail } }
    }
    const tag = parseTag(name)
    if (tag === null) return problem('unsupported', 'its folder is not called as a tag may be')
    try {
      const link = this.#manifests(repository, 'tags', name, 'current', 'link')
      const digest = await this.#link(link)
      if (digest === null) return problem('missing', 'it has no link to a manifest')
      const updatedAt = await this.#folder.writtenAt(link)
      return { tag, digest, ...(updatedAt === null ? {} : { updatedAt }) }
    } catch (error) {
      if (!(error instanceof ContentFault)) throw error
      return problem(error.kind, error.message)
    }
  }

  /** Manifests that the repository has a link to. A deleted one leaves an empty folder. */
  async *#revisions(repository: RepositoryName): AsyncGenerator<Digest> {
    const revisions = this.#manifests(repository, 'revisions')
    for await (const { name: algorithm } of this.#folder.list(revisions)) {
      if (!isDigestAlgorithm(algorithm)) continue
      for await (const { name } of this.#folder.list([...revisions, algorithm])) {
        const digest = parseDigest(`${algorithm}:${name}`)
        const link = [...revisions, algorithm, name, 'link']
        if (digest !== null && (await this.#folder.kind(link)) !== null) yield digest
      }
    }
  }

  async readManifest(repository: RepositoryName, reference: Reference): Promise<SourceManifest> {
    if (reference.kind === 'tag') throw new ContentFault('missing', 'there is no such tag')
    const { digest } = reference
    const link = this.#manifests(
      repository,
      'revisions',
      algorithmOf(digest),
      encodedOf(digest),
      'link',
    )
    const linked = await this.#link(link)
    if (linked === null) throw new ContentFault('missing', 'the repository has no link to it')
    const bytes = await this.#folder.read(this.#data(linked), mostManifestBytes)
    if (bytes === null) throw new ContentFault('missing', 'its bytes are not in the folder')
    const pushedAt = await this.#folder.writtenAt(link)
    return { digest, bytes, ...(pushedAt === null ? {} : { pushedAt }) }
  }

  async openBlob(repository: RepositoryName, { digest }: NamedContent): Promise<SourceBlob> {
    const layers = this.#repository([...repository.split('/'), '_layers'])
    const linked = await this.#link([...layers, algorithmOf(digest), encodedOf(digest), 'link'])
    if (linked === null) throw new ContentFault('missing', 'the repository has no link to it')
    const blob = await this.#folder.stream(this.#data(linked))
    if (blob === null) throw new ContentFault('missing', 'its bytes are not in the folder')
    return blob
  }

  async *referrers(repository: RepositoryName, subject: Digest): AsyncGenerator<Digest> {
    let known = this.#bySubject.get(repository)
    if (known === undefined) {
      known = this.#subjects(repository)
      this.#bySubject.set(repository, known)
    }
    yield* (await known).get(subject) ?? []
  }

  async #subjects(repository: RepositoryName): Promise<ReadonlyMap<string, readonly Digest[]>> {
    const found: Map<string, Digest[]> = new Map()
    for await (const digest of this.#revisions(repository)) {
      const manifest = await this.readManifest(repository, { kind: 'digest', digest }).catch(
        () => null,
      )
      const subject = manifest === null ? null : subjectIn(manifest.bytes)
      if (subject !== null) found.set(subject, [...(found.get(subject) ?? []), digest])
    }
    return found
  }

  /** What a link names; null where there is none. */
  async #link(path: readonly string[]): Promise<Digest | null> {
    const bytes = await this.#folder.read(path, mostLinkBytes)
    if (bytes === null) return null
    const digest = parseDigest(new TextDecoder().decode(bytes).trim())
    if (digest === null) throw new ContentFault('damaged', 'its link does not name a digest')
    return digest
  }

  #manifests(repository: RepositoryName, ...path: readonly string[]): readonly string[] {
    return this.#repository([...repository.split('/'), '_manifests', ...path])
  }

  #repository(path: readonly string[]): readonly string[] {
    return [...this.#root, 'repositories', ...path]
  }

  #data(digest: Digest): readonly string[] {
    const hex = encodedOf(digest)
    return [...this.#root, 'blobs', algorithmOf(digest), hex.slice(0, 2), hex, 'data']
  }
}
