import type { CopyTally } from '../copy/copy-tally.ts'
import { inParallel, type Slots, type Turns } from '../copy/in-parallel.ts'
import type { Patiently } from '../copy/patience.ts'
import type { CopiedKind } from '../copy/report.ts'
import type { Digest } from '../oci/digest.ts'
import type { Reference } from '../oci/reference.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import { ContentFault, type ContentRoot, LoginFault, type NamedContent } from './content.ts'
import { type ReadManifest, readManifest } from './read-manifest.ts'
import { type SendDeps, sendBlob } from './send-blob.ts'

/** What repositories are transferred with. */
export interface TransferDeps extends SendDeps {
  readonly tally: CopyTally
  readonly patiently: Patiently
  readonly movesTags: boolean
  /** Whether blobs are counted and not sent. */
  readonly dryRun: boolean
  readonly concurrency: number
  /** For all repositories together. */
  readonly slots: Slots
  readonly turns: Turns
  /** What came from the source, and was what it should be. */
  readonly sentDigests: Set<Digest>
}

/** How deep indexes may be nested: more is no image that a client pulls. */
const deepest = 16

/** Transfers one repository, whose manifests and blobs are each looked at once. */
export class RepositoryTransfer {
  readonly #deps: TransferDeps
  readonly #name: RepositoryName
  readonly #only: readonly Tag[] | null
  readonly #manifests: Map<Digest, Promise<boolean>> = new Map()
  readonly #blobs: Map<Digest, Promise<void>> = new Map()
  /** Manifests whose referrers are still to be asked for. */
  #subjects: Digest[] = []
  /** Whether the target got something. */
  #isChanged = false

  constructor(deps: TransferDeps, name: RepositoryName, only: readonly Tag[] | null) {
    this.#deps = deps
    this.#name = name
    this.#only = only
  }

  async run(): Promise<void> {
    const { source, concurrency, tally } = this.#deps
    const roots = this.#listed(source.roots(this.#name, this.#only))
    await inParallel(roots, concurrency, (root) => this.#root(root))
    // Not while their subject is under way: a referrer may name what is waiting for it.
    while (this.#subjects.length > 0) {
      const subjects = this.#subjects
      this.#subjects = []
      await inParallel(subjects, concurrency, (digest) => this.#referrers(digest))
    }
    if (this.#isChanged) tally.copied('repository')
  }

  async #root({ tag, digest, updatedAt, problem }: ContentRoot): Promise<void> {
    if (problem !== undefined) {
      this.#deps.tally.problem({ ...problem, repository: this.#name })
      return
    }
    if (tag === null) {
      if (digest !== null) await this.#manifest(digest, 0)
      return
    }
    const { tally, target, movesTags } = this.#deps
    tally.looked('tag')
    const reference: Reference = digest === null ? { kind: 'tag', tag } : { kind: 'digest', digest }
    await this.#try('tag', tag, async () => {
      const read = await this.#read(reference)
      const { manifest } = read
      if (!(await this.#manifest(manifest.digest, 0, read))) {
        throw new ContentFault('missing', `its manifest ${manifest.digest} was not copied`)
      }
      const how = { moves: movesTags, ...(updatedAt === undefined ? {} : { updatedAt }) }
      const outcome = await this.#inSlot(() => target.setTag(this.#name, tag, manifest, how))
      if (outcome.kind === 'conflict') throw new ContentFault('conflict', outcome.detail)
      if (outcome.kind === 'set') {
        this.#isChanged = true
        tally.copied('tag')
      }
    })
  }

  async #referrers(subject: Digest): Promise<void> {
    const { source, concurrency } = this.#deps
    await this.#try('manifest', subject, async () => {
      const found = this.#listed(source.referrers(this.#name, subject))
      await inParallel(found, concurrency, async (digest) => void (await this.#manifest(digest, 0)))
    })
  }

  /** Whether the target has the manifest in the end. */
  #manifest(digest: Digest, depth: number, read?: ReadManifest): Promise<boolean> {
    const known = this.#manifests.get(digest)
    if (known !== undefined) return known
    const copied = this.#copyManifest(digest, depth, read)
    this.#manifests.set(digest, copied)
    return copied
  }

  async #copyManifest(digest: Digest, depth: number, given?: ReadManifest): Promise<boolean> {
    const { tally, target, source, concurrency } = this.#deps
    tally.looked('manifest')
    return await this.#try('manifest', digest, async () => {
      if (depth > deepest) throw new ContentFault('unsupported', 'indexes are nested too deep')
      const { manifest, children, blobs } = given ?? (await this.#read({ kind: 'digest', digest }))
      await inParallel(children, concurrency, async (child) => {
        await this.#manifest(child.digest, depth + 1)
      })
      await inParallel(blobs, concurrency, (blob) => this.#blob(blob))
      const outcome = await this.#inSlot(() => target.putManifest(this.#name, manifest))
      if (outcome === 'stored') {
        this.#isChanged = true
        tally.copied('manifest')
      }
      if (!source.listsManifests || this.#only !== null) this.#subjects.push(digest)
    })
  }

  #read(reference: Reference): Promise<ReadManifest> {
    const { source, hash } = this.#deps
    return this.#inSlot(async () =>
      readManifest(await source.readManifest(this.#name, reference), hash),
    )
  }

  #blob(blob: NamedContent): Promise<void> {
    const known = this.#blobs.get(blob.digest)
    if (known !== undefined) return known
    const copied = this.#copyBlob(blob)
    this.#blobs.set(blob.digest, copied)
    return copied
  }

  async #copyBlob(blob: NamedContent): Promise<void> {
    const { tally, target, turns, sentDigests } = this.#deps
    const { digest } = blob
    tally.looked('blob')
    await this.#try('blob', digest, () =>
      this.#inSlot(async () => {
        if (await target.hasBlob(this.#name, blob)) return
        // One transfer of a digest at a time: the others mount what it brought.
        await turns.run(digest, async () => {
          if (this.#deps.dryRun) {
            if (!sentDigests.has(digest)) this.#deps.sent(blob.size)
          } else if (!(await this.#mount(blob))) await sendBlob(this.#deps, this.#name, blob)
          sentDigests.add(digest)
          tally.copied('blob')
        })
      }),
    )
  }

  /** Takes a blob from another repository of the target, where its bytes came from the source before. */
  async #mount(blob: NamedContent): Promise<boolean> {
    const { source, target, sentDigests } = this.#deps
    if (target.mountBlob === undefined || !sentDigests.has(blob.digest)) return false
    const { stream } = await source.openBlob(this.#name, blob)
    await stream.cancel().catch(() => {})
    return await target.mountBlob(this.#name, blob)
  }

  /** A list of the source, which is asked for more when it is its turn. */
  async *#listed<T>(list: AsyncIterable<T>): AsyncGenerator<T> {
    const { slots, signal } = this.#deps
    const items = list[Symbol.asyncIterator]()
    try {
      for (;;) {
        signal?.throwIfAborted()
        const { done, value } = await slots.run(() => items.next())
        if (done === true) return
        yield value
      }
    } finally {
      await items.return?.()
    }
  }

  #inSlot<T>(work: () => Promise<T>): Promise<T> {
    const { slots, patiently, signal } = this.#deps
    return slots.run(() => {
      signal?.throwIfAborted()
      return patiently(work)
    })
  }

  /** Whether it went well; what cannot be had is told. */
  async #try(what: CopiedKind, name: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      // One login is asked for, not one for each blob.
      if (!(error instanceof ContentFault) || error instanceof LoginFault) throw error
      const { kind, message: detail } = error
      this.#deps.tally.problem({ kind, what, repository: this.#name, name, detail })
      return false
    }
  }
}
