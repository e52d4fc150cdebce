import type { Digest } from '../../src/oci/digest.ts'
import type { RepositoryName } from '../../src/oci/repository-name.ts'
import type { Tag } from '../../src/oci/tag.ts'
import type { BlobRef } from '../../src/ports/blob-store.ts'
import type {
  ManifestChange,
  ManifestOutcome,
  ManifestRecord,
  MetadataStore,
} from '../../src/ports/metadata-store.ts'
import { blobOf, digests, repositories, subjects } from './samples.ts'

interface ModelRepository {
  readonly blobs: Map<Digest, { keepUntil: number }>
  readonly manifests: Map<Digest, ManifestRecord>
  readonly tags: Map<Tag, Digest>
}

/** What a metadata store should do, in the plainest way: it walks everything, every time. */
export class Model {
  readonly repositories: Map<RepositoryName, ModelRepository> = new Map()
  /** Where bytes are that are held, or were and are not forgotten. */
  readonly bytes: Map<Digest, BlobRef> = new Map()

  linkBlob(name: RepositoryName, blob: BlobRef, keepUntil: number): BlobRef {
    const winner = this.#winner(blob)
    this.bytes.set(blob.digest, winner)
    const { blobs } = this.#begin(name)
    const lease = blobs.get(blob.digest)?.keepUntil ?? 0
    blobs.set(blob.digest, { keepUntil: Math.max(lease, keepUntil) })
    return winner
  }

  mountBlob(
    from: RepositoryName,
    to: RepositoryName,
    digest: Digest,
    keepUntil: number,
  ): BlobRef | null {
    const blob = this.findBlob(from, digest)
    return blob === null ? null : this.linkBlob(to, blob, keepUntil)
  }

  findBlob(name: RepositoryName, digest: Digest, keepUntil = 0): BlobRef | null {
    const lease = this.repositories.get(name)?.blobs.get(digest)
    if (lease === undefined) return null
    lease.keepUntil = Math.max(lease.keepUntil, keepUntil)
    return this.bytes.get(digest) ?? null
  }

  unlinkBlob(name: RepositoryName, digest: Digest): boolean {
    return this.repositories.get(name)?.blobs.delete(digest) ?? false
  }

  putManifest(name: RepositoryName, change: ManifestChange): ManifestOutcome {
    const { record, tags, requires, expect } = change
    const there = this.repositories.get(name)
    const [tag] = tags
    const now =
      tag === undefined
        ? there?.manifests.has(record.digest) && record.digest
        : there?.tags.get(tag)
    const says = (list: readonly string[]): boolean =>
      Boolean(now) && (list.includes('*') || list.includes(String(now)))
    if (expect?.match && !says(expect.match)) return { kind: 'conflict' }
    if (expect?.noneMatch && says(expect.noneMatch)) return { kind: 'conflict' }
    const missing = requires.filter(({ digest, kind }) => {
      if (there?.blobs.has(digest)) return false
      return !(kind === 'manifest' && there?.manifests.has(digest))
    })
    if (missing.length > 0) {
      return { kind: 'missing', digests: [...new Set(missing.map(({ digest }) => digest))] }
    }
    const blob = this.#winner(record.blob)
    this.bytes.set(record.digest, blob)
    const repository = this.#begin(name)
    repository.manifests.set(record.digest, { ...record, blob })
    for (const each of tags) repository.tags.set(each, record.digest)
    return { kind: 'stored' }
  }

  deleteManifest(name: RepositoryName, digest: Digest): boolean {
    const there = this.repositories.get(name)
    if (!there?.manifests.delete(digest)) return false
    for (const [tag, target] of there.tags) if (target === digest) there.tags.delete(tag)
    return true
  }

  deleteTag(name: RepositoryName, tag: Tag): boolean {
    return this.repositories.get(name)?.tags.delete(tag) ?? false
  }

  condemn(before: number): Digest[] {
    for (const { blobs, manifests } of this.repositories.values()) {
      const named = new Set([...manifests.values()].flatMap((record) => record.references))
      for (const [digest, { keepUntil }] of blobs) {
        if (keepUntil < before && !named.has(digest)) blobs.delete(digest)
      }
    }
    return [...this.bytes.keys()].filter((digest) => !this.isHeld(digest)).sort()
  }

  isHeld(digest: Digest): boolean {
    return [...this.repositories.values()].some(
      ({ blobs, manifests }) => blobs.has(digest) || manifests.has(digest),
    )
  }

  forget(blob: BlobRef): void {
    if (this.isHeld(blob.digest) || this.bytes.get(blob.digest)?.key !== blob.key) return
    this.bytes.delete(blob.digest)
  }

  /** A start: every lease begins anew. */
  restart(keepUntil: number): void {
    for (const { blobs } of this.repositories.values()) {
      for (const lease of blobs.values()) lease.keepUntil = keepUntil
    }
  }

  /** All that can be read, as {@link observe} finds it. */
  view(): unknown {
    return {
      repositories: [...this.repositories.keys()].sort(),
      held: copies.filter(
        (blob) => this.isHeld(blob.digest) && this.bytes.get(blob.digest)?.key === blob.key,
      ),
      with: digests.map((digest) =>
        [...this.repositories.keys()].filter((name) => this.#has(name, digest)).sort(),
      ),
      each: repositories.map((name) => {
        const there = this.repositories.get(name)
        if (there === undefined) return { name, tags: null }
        const manifests = [...there.manifests.values()].sort((a, b) =>
          a.digest < b.digest ? -1 : 1,
        )
        return {
          name,
          tags: [...there.tags.keys()].sort().map((tag) => [tag, there.tags.get(tag)]),
          blobs: digests.map((digest) => this.findBlob(name, digest)),
          manifests: digests.map((digest) => there.manifests.get(digest) ?? null),
          referrers: subjects.map((subject) =>
            manifests.filter((record) => record.subject === subject).map(({ digest }) => digest),
          ),
        }
      }),
    }
  }

  #has(name: RepositoryName, digest: Digest): boolean {
    return this.repositories.get(name)?.blobs.has(digest) ?? false
  }

  #winner(blob: BlobRef): BlobRef {
    return (this.isHeld(blob.digest) ? this.bytes.get(blob.digest) : undefined) ?? blob
  }

  #begin(name: RepositoryName): ModelRepository {
    const there = this.repositories.get(name)
    if (there !== undefined) return there
    const fresh: ModelRepository = { blobs: new Map(), manifests: new Map(), tags: new Map() }
    this.repositories.set(name, fresh)
    return fresh
  }
}

/** Every sample digest under every key the histories give it. */
const copies: readonly BlobRef[] = digests.flatMap((digest) =>
  [0, 1, 2].map((copy) => blobOf(digest, copy)),
)

/** Everything a store lets one read of the sample names. */
export async function observe(store: MetadataStore): Promise<unknown> {
  const page = { limit: 1000 }
  return {
    repositories: (await store.listRepositories(page)).items,
    held: await filterAsync(copies, (blob) => store.isHeld(blob)),
    with: await mapAsync(digests, async (digest) =>
      [...(await store.repositoriesWith(digest, 1000))].sort(),
    ),
    each: await mapAsync(repositories, async (name) => {
      const tags = await store.listTags(name, page)
      if (tags === null) return { name, tags: null }
      return {
        name,
        tags: await mapAsync(tags.items, async (tag) => [
          tag,
          (await store.resolveTag(name, tag))?.digest,
        ]),
        blobs: await mapAsync(digests, (digest) => store.findBlob(name, digest)),
        manifests: await mapAsync(digests, (digest) => store.findManifest(name, digest)),
        referrers: await mapAsync(subjects, async (subject) => {
          const found = await store.listReferrers(name, subject, { maxBytes: 1e9 })
          return found.items.map(({ digest }) => digest)
        }),
      }
    }),
  }
}

function mapAsync<T, U>(items: readonly T[], map: (item: T) => Promise<U>): Promise<U[]> {
  return Promise.all(items.map(map))
}

async function filterAsync<T>(
  items: readonly T[],
  test: (item: T) => Promise<boolean>,
): Promise<T[]> {
  const kept = await mapAsync(items, test)
  return items.filter((_, index) => kept[index])
}
