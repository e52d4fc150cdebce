import type { ConditionalDeletes } from '../core/conditional-deletes.ts'
import { type Digest, parseDigest } from '../oci/digest.ts'
import type { CallContext } from '../ports/call-context.ts'
import { followedBy } from './following-tags.ts'
import type { Pace } from './pace.ts'
import type { RepositoryPlan } from './plan.ts'
import type { PlannedManifest } from './planned-manifest.ts'

/** What a plan is carried out with. */
export interface CarryOutDeps {
  readonly deletes: ConditionalDeletes
  readonly call: CallContext
  /** What was pushed, or lost its last tag, then or later stays: the plan does not know of it. */
  readonly notSince: number
  readonly signal: AbortSignal
  readonly pace: Pace
}

/** What went. */
export interface Deleted {
  tags: number
  manifests: number
}

/** Deletions under way at once, so that they share the syncs of a journal. */
const together = 16

/**
 * Deletes what goes by a plan. Each deletion is held to what the plan saw, in the step that makes it: what was pushed,
 * tagged or named since stays, and so does what depends on it. An index goes before what it names, and a manifest
 * before what follows it.
 *
 * @param deleted takes what went, also where it throws
 * @throws what `signal` aborts with; what was deleted until then stays deleted.
 */
export async function carryOut(
  plan: RepositoryPlan,
  deps: CarryOutDeps,
  deleted: Deleted,
): Promise<void> {
  const run = new CarryingOut(plan, deps, deleted)
  const first: PlannedManifest[] = []
  for (const manifest of plan.manifests.values()) {
    if (deps.pace.isDue) await deps.pace.rest()
    if (run.isFirst(manifest)) first.push(manifest)
  }
  await inLots(first, deps, (manifest) => run.deleteWithFollowers(manifest))
  // Tags whose manifest stays all the same.
  const left: PlannedManifest[] = []
  for (const manifest of plan.manifests.values()) {
    if (deps.pace.isDue) await deps.pace.rest()
    if (run.hasTagsLeft(manifest)) left.push(manifest)
  }
  await inLots(left, deps, (manifest) => run.deleteTags(manifest))
}

async function inLots<T>(
  items: readonly T[],
  { signal, pace }: CarryOutDeps,
  work: (item: T) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < items.length; at += together) {
    signal.throwIfAborted()
    await Promise.all(items.slice(at, at + together).map(work))
    if (pace.isDue) await pace.rest()
  }
}

class CarryingOut {
  readonly #plan: RepositoryPlan
  readonly #deps: CarryOutDeps
  readonly #deleted: Deleted
  readonly #gone: Set<Digest> = new Set()

  constructor(plan: RepositoryPlan, deps: CarryOutDeps, deleted: Deleted) {
    this.#plan = plan
    this.#deps = deps
    this.#deleted = deleted
  }

  /** Whether a manifest goes for itself, and not with another. */
  isFirst(manifest: PlannedManifest): boolean {
    return !manifest.stays && manifest.namedBy === null && this.#waitsFor(manifest).length === 0
  }

  hasTagsLeft(manifest: PlannedManifest): boolean {
    return !this.#gone.has(manifest.digest) && this.#tagsToGo(manifest).length > 0
  }

  /** Deletes a manifest, then what follows it, and what follows that. */
  async deleteWithFollowers(start: PlannedManifest): Promise<void> {
    const { signal } = this.#deps
    const { manifests, followers } = this.#plan
    const waiting = [start]
    for (let manifest = waiting.pop(); manifest !== undefined; manifest = waiting.pop()) {
      signal.throwIfAborted()
      if (manifest.stays || !(await this.#delete(manifest))) continue
      for (const digest of manifest.children) {
        const child = manifests.get(digest)
        if (child !== undefined) waiting.push(child)
      }
      waiting.push(...(followers.get(manifest.digest) ?? []))
    }
  }

  /** Deletes the tags that go of a manifest that stays. */
  async deleteTags(manifest: PlannedManifest): Promise<void> {
    const { deletes, call, notSince } = this.#deps
    const { repository } = this.#plan
    const { digest } = manifest
    await inLots(this.#tagsToGo(manifest), this.#deps, async (tag) => {
      const unlessHas = dependsOn(manifest, [tag])
      const conditions = { expect: digest, notSince, unlessHas }
      const was = await deletes.deleteTag(call, repository, tag, conditions)
      if (was !== null) this.#deleted.tags += 1
    })
  }

  /** Whether it is gone, by this or another deletion. */
  async #delete(manifest: PlannedManifest): Promise<boolean> {
    const { digest } = manifest
    if (this.#gone.has(digest)) return false
    const { deletes, call, notSince } = this.#deps
    const { repository } = this.#plan
    if (this.#waitsFor(manifest).some((subject) => !this.#gone.has(subject))) return false
    const tags: ReadonlySet<string> = new Set(this.#tagsToGo(manifest))
    const outcome = await deletes.deleteManifest(call, repository, digest, {
      isImmutable: (tag) => !tags.has(tag),
      notSince,
      unlessHas: dependsOn(manifest, tags, manifest.subject),
    })
    if (outcome?.kind === 'kept') return false
    this.#gone.add(digest)
    if (outcome !== null) {
      this.#deleted.manifests += 1
      this.#deleted.tags += outcome.tagCount
    }
    return true
  }

  /** The manifests that it follows. The store knows of indexes, and not of these. */
  #waitsFor({ subject, followingTags }: PlannedManifest): readonly Digest[] {
    const subjects = followingTags.map((one) => one.subject)
    const own = subject as Digest | undefined
    if (own !== undefined && this.#plan.manifests.has(own)) subjects.push(own)
    return subjects
  }

  /** Tags that no rule keeps, and those whose manifest is gone. */
  #tagsToGo({
    goingTags,
    followingTags,
  }: PlannedManifest): readonly (typeof goingTags)[number]['tag'][] {
    return [
      ...goingTags.map(({ tag }) => tag),
      ...followingTags.filter(({ subject }) => this.#gone.has(subject)).map(({ tag }) => tag),
    ]
  }
}

/**
 * The manifests that stop a deletion where they are there: what the tags that go are named after, and the subject. The
 * plan had none of them, or they went first; each may have been pushed since.
 */
function dependsOn(
  { digest }: PlannedManifest,
  tags: Iterable<string>,
  subject?: string,
): readonly Digest[] {
  const found: Set<Digest> = new Set()
  const own = subject === undefined ? null : parseDigest(subject)
  if (own !== null) found.add(own)
  for (const tag of tags) {
    const followed = followedBy(tag)
    if (followed !== null) found.add(followed)
  }
  found.delete(digest)
  return [...found]
}
