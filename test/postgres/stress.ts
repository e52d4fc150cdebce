import type { PostgresStores } from '../../adapters/postgres/index.ts'
import type { Digest, RepositoryName, Tag } from '../../src/index.ts'
import type { BlobRef, MetadataStore } from '../../src/kit.ts'
import { repositoryNamed, sampleDigest, tagNamed } from '../../src/testing/samples.ts'
import { StressMessages } from './stress-messages.ts'

/** What a run did, and what it found wrong. */
export interface StressReport {
  pushes: number
  refused: number
  deletions: number
  restored: number
  collected: number
  /** Manifests of which a layer was not there right after they were recorded, or while they stood. */
  readonly lost: string[]
  /** Messages that went with changes, one for each endpoint, and how many arrived. */
  told: number
  arrived: number
  /** Messages that were lost, came twice or out of order. */
  readonly misdelivered: string[]
}

/** How many digests of layers there are, and how long leases are at least and at most, in milliseconds. */
export interface StressOptions {
  readonly digests: number
  readonly runMs: number
  readonly shortestMs: number
  readonly longestMs: number
}

const repositories: readonly RepositoryName[] = ['one', 'two', 'three'].map(repositoryNamed)
const tags: readonly Tag[] = ['a', 'b', 'c', 'd'].map(tagNamed)

/** Bytes as a bucket has them: a key is used once. */
export class Bucket {
  readonly keys: Map<string, Digest> = new Map()
  #made = 0

  put(digest: Digest): BlobRef {
    this.#made += 1
    const key = `key/${this.#made}`
    this.keys.set(key, digest)
    return { digest, size: sizeOf(digest), key }
  }
}

/** Pushes, mounts, deletes and collects beside each other through several nodes, until the time is over. */
export async function stress(
  nodes: readonly PostgresStores[],
  bucket: Bucket,
  options: StressOptions,
): Promise<StressReport> {
  const report: StressReport = {
    pushes: 0,
    refused: 0,
    deletions: 0,
    restored: 0,
    collected: 0,
    lost: [],
    told: 0,
    arrived: 0,
    misdelivered: [],
  }
  const messages = new StressMessages()
  const end = performance.now() + options.runMs
  const isOver = (): boolean => performance.now() >= end
  const writers: Promise<void>[] = []
  const jobs: Promise<void>[] = []
  for (const [index, { metadata }] of nodes.entries()) {
    jobs.push(collect(metadata, bucket, report, isOver))
    for (let writer = 0; writer < 4; writer += 1) {
      const tools = { metadata, bucket, report, options, messages }
      writers.push(new Writer(tools, index * 4 + writer).run(isOver))
    }
  }
  let isWritten = false
  for (const { metadata } of nodes) {
    if (metadata.outbox) jobs.push(messages.deliver(metadata.outbox, () => isWritten))
  }
  await Promise.all(writers).finally(() => {
    isWritten = true
  })
  await Promise.all(jobs)
  const { told, arrived } = messages
  return { ...report, told, arrived, misdelivered: [...messages.check()] }
}

/** Collects until it is over, as a node does in the background. */
async function collect(
  metadata: MetadataStore,
  bucket: Bucket,
  report: StressReport,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    for (const blob of await metadata.condemn(50)) {
      if (bucket.keys.delete(blob.key)) report.collected += 1
      await metadata.forget(blob)
    }
  }
}

interface Standing {
  readonly repository: RepositoryName
  readonly digest: Digest
  readonly layers: readonly Digest[]
}

interface Tools {
  readonly metadata: MetadataStore
  readonly bucket: Bucket
  readonly report: StressReport
  readonly options: StressOptions
  readonly messages: StressMessages
}

class Writer {
  readonly #metadata: MetadataStore
  readonly #bucket: Bucket
  readonly #report: StressReport
  readonly #options: StressOptions
  readonly #messages: StressMessages
  readonly #number: number
  readonly #standing: Standing[] = []
  #made = 0

  constructor({ metadata, bucket, report, options, messages }: Tools, number: number) {
    this.#metadata = metadata
    this.#bucket = bucket
    this.#report = report
    this.#options = options
    this.#messages = messages
    this.#number = number
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.#push(pick(repositories))
      await this.#checkOne()
      if (this.#standing.length > 6) await this.#deleteOne()
      if (Math.random() < 0.2) await this.#passingRepository()
      if (Math.random() < 0.2) {
        const options = Math.random() < 0.5 ? { trashMs: this.#lease } : {}
        const repository = pick(repositories)
        await this.#messages.telling(repository, (told) =>
          this.#metadata.deleteTag(repository, pick(tags), { ...options, ...told }),
        )
      }
      if (Math.random() < 0.1) await this.#restoreAny()
    }
    for (const standing of this.#standing) await this.#check(standing)
  }

  async #push(repository: RepositoryName): Promise<void> {
    const layers = Array.from({ length: 1 + random(5) }, () => sampleDigest(random(this.#digests)))
    for (const layer of layers) await this.#bring(repository, layer)
    // Of this writer alone, so that it knows whether the manifest stands.
    this.#made += 1
    const digest = sampleDigest(1_000_000 * (this.#number + 1) + (this.#made % 50))
    const blob = this.#bucket.put(digest)
    const { size } = blob
    const outcome = await this.#messages.telling(repository, (told) =>
      this.#metadata.putManifest(repository, {
        record: { digest, size, mediaType: 'a/b', blob, references: layers },
        tags: [pick(tags)],
        immutable: [],
        requires: layers.map((layer) => ({ digest: layer, kind: 'blob' })),
        ...told,
      }),
    )
    if (outcome.kind !== 'stored') {
      this.#report.refused += 1
      this.#bucket.keys.delete(blob.key)
      return
    }
    if (outcome.blob.key !== blob.key) await this.#drop(blob)
    this.#report.pushes += 1
    const before = this.#standing.findIndex(
      (one) => one.repository === repository && one.digest === digest,
    )
    if (before !== -1) this.#standing.splice(before, 1)
    const standing = { repository, digest, layers }
    this.#standing.push(standing)
    await this.#check(standing)
  }

  /** As a client does: asks, mounts or sends. */
  async #bring(repository: RepositoryName, layer: Digest): Promise<void> {
    if ((await this.#metadata.keepBlob(repository, layer, this.#lease)) !== null) return
    if (Math.random() < 0.3) {
      const from = pick(repositories)
      const mounted = await this.#messages.telling(repository, (told) =>
        this.#metadata.mountBlob(from, repository, layer, this.#lease, told),
      )
      if (mounted !== null) return
    }
    const blob = this.#bucket.put(layer)
    const counts = await this.#messages.telling(repository, (told) =>
      this.#metadata.linkBlob(repository, blob, this.#lease, told),
    )
    if (counts.key !== blob.key) await this.#drop(blob)
  }

  async #drop(blob: BlobRef): Promise<void> {
    this.#bucket.keys.delete(blob.key)
    await this.#metadata.forget(blob)
  }

  async #checkOne(): Promise<void> {
    const standing = this.#standing[random(this.#standing.length)]
    if (standing !== undefined) await this.#check(standing)
  }

  async #check({ repository, digest, layers }: Standing): Promise<void> {
    const record = await this.#metadata.findManifest(repository, digest)
    const found = await Promise.all(
      layers.map((layer) => this.#metadata.findBlob(repository, layer)),
    )
    for (const blob of [record?.blob ?? null, ...found]) {
      const isThere = blob !== null && this.#bucket.keys.get(blob.key) === blob.digest
      if (!isThere) this.#report.lost.push(`${digest} in ${repository}: ${blob?.key}`)
    }
  }

  async #deleteOne(): Promise<void> {
    const [standing] = this.#standing.splice(random(this.#standing.length), 1)
    if (standing === undefined) return
    const { repository, digest, layers } = standing
    const leaseMs = this.#lease
    const options = Math.random() < 0.5 ? { leaseMs, trashMs: this.#lease } : { leaseMs }
    await this.#messages.telling(repository, (told) =>
      this.#metadata.deleteManifest(repository, digest, { ...options, ...told }),
    )
    for (const layer of layers) {
      if (Math.random() < 0.3) {
        await this.#messages.telling(repository, (told) =>
          this.#metadata.unlinkBlob(repository, layer, { ...options, ...told, keepNamed: true }),
        )
      }
    }
    this.#report.deletions += 1
    if (options.trashMs !== undefined && Math.random() < 0.5) await this.#bringBack(standing)
  }

  /** Brings back what this writer has just deleted, unless that was over too soon. */
  async #bringBack(standing: Standing): Promise<void> {
    const { repository, digest } = standing
    for (let after = ''; ; ) {
      const page = await this.#metadata.listTrash?.({ after, limit: 100 }, repository)
      const entry = page?.items.find((one) => one.kind === 'manifest' && one.digest === digest)
      if (entry !== undefined) {
        const outcome = await this.#restore(repository, entry.id, 0)
        if (outcome?.kind !== 'restored') return
        this.#report.restored += 1
        this.#standing.push(standing)
        return this.#check(standing)
      }
      if (page?.more !== true) return
      after = page.items.at(-1)?.id ?? ''
    }
  }

  #restore(repository: RepositoryName, id: string, leaseMs: number) {
    return this.#messages.telling(repository, async (told) =>
      this.#metadata.restore?.(repository, id, { leaseMs, ...told }),
    )
  }

  /** Brings back any tag or blob, or ends it. */
  async #restoreAny(): Promise<void> {
    const page = await this.#metadata.listTrash?.({ limit: 20 })
    const entry = page?.items.find(({ kind }) => kind === 'tag' || kind === 'blob')
    if (entry === undefined) return
    if (Math.random() < 0.2) await this.#metadata.dropTrash?.([entry.id], 1)
    else await this.#restore(entry.repository, entry.id, this.#lease)
  }

  /** A repository of this writer alone, which goes as a whole, and sometimes comes back. */
  async #passingRepository(): Promise<void> {
    const repository = repositoryNamed(`passing/${this.#number}`)
    const standing = this.#standing.length
    await this.#push(repository)
    const pushed = this.#standing.splice(standing)
    const isKept = Math.random() < 0.5
    await this.#messages.telling(repository, (told) =>
      this.#metadata.deleteRepository(repository, isKept ? { trashMs: 60_000, ...told } : told),
    )
    if (!isKept) return
    const page = await this.#metadata.listTrash?.({ limit: 100 }, repository)
    const entry = page?.items.findLast(({ kind }) => kind === 'repository')
    const outcome = await this.#restore(repository, entry?.id ?? '', 0)
    if (outcome?.kind !== 'restored') this.#report.lost.push(`${repository} did not come back`)
    for (const one of pushed) await this.#check(one)
    await this.#metadata.deleteRepository(repository)
  }

  get #digests(): number {
    return this.#options.digests
  }

  get #lease(): number {
    const { shortestMs, longestMs } = this.#options
    return shortestMs + Math.random() * (longestMs - shortestMs)
  }
}

/** The size that a sample has everywhere. */
function sizeOf(digest: Digest): number {
  return 1 + (Number.parseInt(digest.slice(-4), 16) % 1000)
}

function random(below: number): number {
  return Math.floor(Math.random() * below)
}

function pick<T>(list: readonly T[]): T {
  return list[random(list.length)] as T
}
