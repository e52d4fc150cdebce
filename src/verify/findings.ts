import { DigestSet } from '../copy/digest-set.ts'
import type { Patiently } from '../copy/patience.ts'
import type { Unreadable } from '../copy/transfer.ts'
import { noteMissing } from '../core/missing-bytes.ts'
import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { BlobRef, StoredBytes } from '../ports/blob-store.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import type { ComparedRecord } from './manifest-record.ts'
import { namedBytes, type RepairDeps, repair } from './repair.ts'
import type { VerifyProblem } from './report.ts'

/** What is known of who names a digest. */
export interface Whose {
  readonly what: VerifyProblem['what']
  readonly repositories: readonly RepositoryName[]
  readonly tags: readonly string[]
}

/** What {@link Findings} work with. */
export interface FindingsDeps extends RepairDeps {
  readonly patiently: Patiently
  /** Whether problems are noted and put aside, and not only told. */
  readonly marks: boolean
  /** Whether they are repaired, too. */
  readonly repairs: boolean
  /** @param again whether it was told before, and is repaired now */
  readonly tell: (problem: VerifyProblem, again: boolean) => void
}

/** Repositories that are told of. */
const mostRepositories = 10
/** Digests for which other copies are looked for. */
const mostLacking = 10_000
/** Digests of one size that the bytes of an object without a digest are compared with. */
const mostOfSize = 8

const nobody: Whose = { what: 'blob', repositories: [], tags: [] }
const ownBytes = 'its own bytes'

/** Deals with what is wrong: notes it, puts the bytes aside, repairs it where it can, and tells. */
export class Findings {
  readonly #deps: FindingsDeps
  /** Those that were told, so that a later phase does not tell them again. */
  readonly #told: DigestSet = new DigestSet()
  /** Those that are still without bytes. */
  readonly #lacking: Map<Digest, VerifyProblem> = new Map()
  /** The same by size: in a bucket no object says its digest. */
  readonly #lackingBySize: Map<number, Set<Digest>> = new Map()

  constructor(deps: FindingsDeps) {
    this.#deps = deps
  }

  /** Bytes that two readings found wrong, under a key that counted when they were read. */
  async wrong(ref: BlobRef, found: Unreadable, whose: Whose = nobody): Promise<void> {
    const { metadata, patiently, marks } = this.#deps
    const now = await patiently(() => namedBytes(metadata, ref.digest))
    // Moved, healed or deleted while it was read.
    if (now?.key !== ref.key || !this.#told.add(ref.digest)) return
    const named = await this.#named(ref, whose)
    const marked = now.isMissing || (marks && (await noteMissing(this.#deps, ref)))
    if (marks && !marked) {
      const later = await patiently(() => namedBytes(metadata, ref.digest))
      if (later?.key !== ref.key) return
    }
    await this.#dealWith(ref, found, named, { known: false, marked })
  }

  /** Bytes that were known to be missing, and are not right now either. */
  async stillWrong(ref: BlobRef, found: Unreadable): Promise<void> {
    if (!this.#told.add(ref.digest)) return
    await this.#dealWith(ref, found, nobody, { known: true, marked: true })
  }

  /** Bytes that were known to be missing, and are there after all. */
  async found(ref: BlobRef): Promise<void> {
    const { metadata, patiently, marks } = this.#deps
    if (!this.#told.add(ref.digest)) return
    const isHealed = marks && (await patiently(() => metadata.healMissing(ref, ref)))
    this.#tell({
      ...ref,
      kind: 'missing',
      ...nobody,
      detail: 'it was noted as missing, and its bytes are there',
      known: true,
      marked: !isHealed,
      quarantined: null,
      repairedFrom: isHealed ? ownBytes : null,
    })
  }

  /** A manifest of which something else is recorded than its bytes say. */
  async otherRecord(
    record: ManifestRecord,
    { detail, record: own }: ComparedRecord & { readonly kind: 'other' },
    whose: Whose,
  ): Promise<void> {
    const { metadata, patiently, marks, repairs } = this.#deps
    const { digest, blob, pushedAt, pushedBy } = record
    const [repository] = whose.repositories
    if (repository === undefined) return
    const now = await patiently(() => metadata.findManifest(repository, digest))
    // Deleted or pushed again meanwhile.
    if (now === null || now.pushedAt !== pushedAt || now.blob.key !== blob.key) return
    let isRepaired = false
    if (marks && repairs && own !== null) {
      const outcome = await patiently(() =>
        metadata.putManifest(repository, {
          record: { ...own, blob, ...(pushedBy === undefined ? {} : { pushedBy }) },
          tags: [],
          immutable: [],
          requires: [],
          expect: { tag: null, match: [digest] },
          times: { pushedAt: Math.max(0, Math.floor(pushedAt)), updatedAt: [] },
        }),
      )
      isRepaired = outcome.kind === 'stored'
    }
    const repairedFrom = isRepaired ? ownBytes : null
    const told = { known: false, marked: false, quarantined: null, repairedFrom }
    this.#deps.tell({ ...blob, kind: 'record', ...whose, detail, ...told }, false)
  }

  /** Bytes that the store lists: where they are another copy of a digest that lacks its own, they take its place. */
  async otherCopy({ key, digest, size }: StoredBytes): Promise<void> {
    const ofSize = this.#lackingBySize.get(size)
    if (ofSize === undefined) return
    if (digest !== null) {
      if (ofSize.has(digest)) await this.#tryCopy(digest, key)
      return
    }
    const { metadata, patiently } = this.#deps
    // What has a name is another digest's.
    const [isKnown = true] = await patiently(() => metadata.knowsKeys([{ key, digest }]))
    if (isKnown) return
    for (const wanted of [...ofSize].slice(0, mostOfSize)) await this.#tryCopy(wanted, key)
  }

  async #tryCopy(digest: Digest, key: string): Promise<void> {
    const problem = this.#lacking.get(digest)
    if (problem === undefined || problem.key === key) return
    const { size } = problem
    const { blobs, patiently } = this.#deps
    const name = 'another copy in the store'
    const ref = { digest: problem.digest, size, key }
    const sources = [{ name, find: async () => ({ blobs, ref }) }]
    const repairedFrom = await patiently(() => repair({ ...this.#deps, sources }, problem, []))
    if (repairedFrom === null) return
    this.#lacking.delete(digest)
    this.#lackingBySize.get(size)?.delete(digest)
    this.#deps.tell({ ...problem, marked: false, repairedFrom }, true)
  }

  async #dealWith(
    ref: BlobRef,
    found: Unreadable,
    whose: Whose,
    { known, marked }: Pick<VerifyProblem, 'known' | 'marked'>,
  ): Promise<void> {
    const { marks, repairs, patiently } = this.#deps
    // What cannot be read now may be read another time, and stays where it is.
    const isAside = marks && marked && found.kind !== 'unreadable'
    const quarantined = isAside ? await this.#putAside(ref) : null
    const repairedFrom =
      marks && repairs && marked
        ? await patiently(() => repair(this.#deps, ref, whose.repositories))
        : null
    const isMarked = marked && repairedFrom === null
    this.#tell({ ...ref, ...found, ...whose, known, marked: isMarked, quarantined, repairedFrom })
  }

  #tell(problem: VerifyProblem): void {
    const { repairs, tell } = this.#deps
    if (repairs && problem.marked && this.#lacking.size < mostLacking) {
      const { digest, size } = problem
      this.#lacking.set(digest, problem)
      const ofSize = this.#lackingBySize.get(size) ?? new Set()
      this.#lackingBySize.set(size, ofSize.add(digest))
    }
    tell(problem, false)
  }

  async #named(ref: BlobRef, whose: Whose): Promise<Whose> {
    if (whose.repositories.length > 0) return whose
    const { metadata, patiently } = this.#deps
    const names = await patiently(() => metadata.repositoriesWith(ref.digest, mostRepositories))
    return { ...whose, repositories: names }
  }

  async #putAside(ref: BlobRef): Promise<string | null> {
    const { blobs, onNotice } = this.#deps
    try {
      return (await blobs.quarantine?.(ref)) ?? null
    } catch (error) {
      const task = `putting damaged bytes of ${ref.digest} aside`
      onNotice({ kind: 'background-failure', task, error, retried: true })
      return null
    }
  }
}
