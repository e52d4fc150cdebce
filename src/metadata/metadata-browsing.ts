import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type {
  BytesReasons,
  DigestUse,
  DueGarbage,
  FoundTags,
  ReferrerCount,
  RepositorySummary,
  TagSearch,
} from '../ports/metadata-store.ts'
import { countsOf } from './counts.ts'
import { digestUses } from './digest-uses.ts'
import { dueGarbage } from './due-garbage.ts'
import { explainBytes } from './explain-bytes.ts'
import type { Holding } from './holdings.ts'
import { MetadataReads } from './metadata-reads.ts'
import { nextTurn } from './next-turn.ts'
import type { Referrer } from './referrers.ts'
import type { Repository } from './repository.ts'
import { type TagWalk, tagWalk } from './tag-search.ts'

/** Names that are looked up between two turns of others. */
const lookedUpTogether = 100

/** What a page for people asks, from memory. What takes more than a few milliseconds is done in steps. */
export class MetadataBrowsing extends MetadataReads {
  /** One search after the other walks over tags, or each would take its share of a turn. */
  #walking: Promise<unknown> = Promise.resolve()

  async findTags(repository: RepositoryName, search: TagSearch): Promise<FoundTags | null> {
    const walk = tagWalk(search)
    const walked = this.#walking.then(() => this.#walk(repository, walk))
    this.#walking = walked.catch(() => {})
    return walked
  }

  async countReferrers(
    repository: RepositoryName,
    subjects: readonly string[],
  ): Promise<ReadonlyArray<readonly ReferrerCount[]>> {
    return this.#inLots(subjects, async (lot) => {
      const counts = await this.readWhole(repository, (names) => {
        const missing = missingReferrers(names, this.state.holdings.missing)
        const find = (digest: Digest): Referrer | null => names.manifests.get(digest) ?? null
        return lot.map(
          (subject) => names.referrers.get(subject)?.counts(missing.get(subject) ?? [], find) ?? [],
        )
      })
      return counts ?? lot.map(() => [])
    })
  }

  summarizeRepositories(
    names: readonly RepositoryName[],
  ): Promise<ReadonlyArray<RepositorySummary | null>> {
    return this.#inLots(names, (lot) =>
      Promise.all(
        lot.map(async (repository) => {
          const counts = await this.readWhole(repository, countsOf)
          return counts === null ? null : { repository, ...counts }
        }),
      ),
    )
  }

  useOfDigests(
    repository: RepositoryName,
    digests: readonly Digest[],
  ): Promise<ReadonlyArray<DigestUse | null>> {
    return this.#inLots(digests, async (lot) => {
      // A repository that was deleted for good keeps nothing, and is still among the holders for a moment.
      if (this.state.leftovers.isPending) await this.state.leftovers.done()
      return this.commit.flight === null
        ? digestUses(this.state, repository, lot)
        : this.commit.afterFlight(async () => digestUses(this.state, repository, lot))
    })
  }

  async dueGarbage(limit: number): Promise<DueGarbage> {
    await this.state.leftovers.done()
    return dueGarbage(this.state, this.commit.moment().now, limit)
  }

  async explainBytes(digest: Digest, limit: number): Promise<BytesReasons | null> {
    await this.state.leftovers.done()
    return explainBytes(this.state, this.commit.moment().now, digest, limit)
  }

  async #walk(repository: RepositoryName, walk: TagWalk): Promise<FoundTags | null> {
    for (;;) {
      if (this.state.repositories.get(repository)?.tags.leftovers) {
        await this.state.leftovers.done()
      }
      const step = await this.readWhole(repository, (names) => ({ found: walk.step(names) }))
      if (step === null || step.found !== null) return step?.found ?? null
      await nextTurn()
    }
  }

  async #inLots<T, U>(
    items: readonly T[],
    look: (lot: readonly T[]) => Promise<readonly U[]>,
  ): Promise<readonly U[]> {
    const all: U[] = []
    for (let at = 0; at < items.length; at += lookedUpTogether) {
      if (at > 0) await nextTurn()
      for (const one of await look(items.slice(at, at + lookedUpTogether))) all.push(one)
    }
    return all
  }
}

/** Manifests of a repository that refer to others, by subject, and whose bytes are known to be missing. */
function missingReferrers(
  { manifests }: Repository,
  missing: ReadonlySet<Holding>,
): ReadonlyMap<string, readonly Referrer[]> {
  const bySubject: Map<string, Referrer[]> = new Map()
  for (const { digest } of missing) {
    const manifest = manifests.get(digest)
    if (manifest?.subject === undefined) continue
    const same = bySubject.get(manifest.subject)
    if (same === undefined) bySubject.set(manifest.subject, [manifest])
    else same.push(manifest)
  }
  return bySubject
}
