import { everyItem } from '../core/paging.ts'
import type { Digest } from '../oci/digest.ts'
import { manifestShape } from '../oci/media-types.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { ManifestRecord, MetadataStore, Page, TagRecord } from '../ports/metadata-store.ts'
import {
  type Decision,
  decideTag,
  decideUntagged,
  type ImmutableTags,
  keptAsNew,
  keptUntagged,
  type Moment,
  timesOfUntagged,
} from './decide.ts'
import { followedBy } from './following-tags.ts'
import { findNewest, type Newest } from './newest.ts'
import type { Pace } from './pace.ts'
import { PlannedManifest } from './planned-manifest.ts'
import type { RetentionRule } from './read-policy.ts'
import { ringsOf } from './rings.ts'

/** What a plan is made with. */
export interface PlanDeps {
  readonly metadata: MetadataStore
  /** Those about the repository. */
  readonly rules: readonly RetentionRule[]
  readonly moment: Moment
  readonly isImmutable: ImmutableTags
  readonly signal: AbortSignal
  readonly pace: Pace
}

/**
 * What becomes of each tag and manifest of a repository, as it was found. Takes some 300 bytes for each manifest, and
 * nothing for tags that stay.
 */
export interface RepositoryPlan {
  readonly repository: RepositoryName
  readonly manifests: ReadonlyMap<Digest, PlannedManifest>
  /** Manifests that follow others: referrers, and those of tags that are named after a digest. */
  readonly followers: ReadonlyMap<Digest, readonly PlannedManifest[]>
  /** Decides on a tag again, as the plan did. */
  readonly decide: (tag: TagRecord) => Decision
}

/** Makes a plan for a repository. @throws what `signal` aborts with. */
export async function planRepository(
  repository: RepositoryName,
  deps: PlanDeps,
): Promise<RepositoryPlan> {
  const { metadata, rules, signal, pace } = deps
  const tags = (): AsyncIterable<TagRecord> =>
    everyItem(async (page) => {
      signal.throwIfAborted()
      return (await metadata.listTagRecords(repository, page)) ?? noItems
    })
  const manifests = await readManifests(repository, deps)
  for (const parent of manifests.values()) {
    if (pace.isDue) await pace.rest()
    for (const digest of parent.children) {
      const child = manifests.get(digest)
      if (child !== undefined) child.namedBy ??= parent
    }
  }
  const newest = await findNewest(
    rules.filter(({ about }) => about === 'tags'),
    tags(),
    pace,
  )
  const decide = (tag: TagRecord): Decision => decideOn(tag, repository, manifests, newest, deps)
  const place = (tag: TagRecord): void => {
    const manifest = manifests.get(tag.digest) ?? unread(tag.digest, manifests)
    const subject = followedBy(tag.tag)
    const isFixed =
      deps.isImmutable(repository, tag.tag) !== null ||
      keptAsNew(tag.updatedAt, deps.moment) !== null
    if (subject !== null && !isFixed && subject !== tag.digest && manifests.has(subject)) {
      manifest.addFollowing({ tag: tag.tag, subject })
      return
    }
    const decision = decide(tag)
    if (decision.isKept) manifest.hasKeptTag = true
    else manifest.addGoing({ tag: tag.tag, decision })
  }
  // These wait until all is known that they may follow.
  const following: TagRecord[] = []
  for await (const tag of tags()) {
    if (pace.isDue) await pace.rest()
    if (followedBy(tag.tag) === null) place(tag)
    else following.push(tag)
  }
  for (const tag of following) place(tag)
  const followers = await followersOf(manifests, pace)
  await decideManifests(manifests, followers, deps)
  return { repository, manifests, followers, decide }
}

const noItems: Page<never> = { items: [], more: false }

async function readManifests(
  repository: RepositoryName,
  { metadata, signal, pace }: PlanDeps,
): Promise<Map<Digest, PlannedManifest>> {
  const manifests: Map<Digest, PlannedManifest> = new Map()
  const entries = everyItem(async (page) => {
    signal.throwIfAborted()
    return (await metadata.listManifests(repository, page)) ?? noItems
  })
  for await (const { record } of entries) {
    if (pace.isDue) await pace.rest()
    const { digest, subject } = record
    const times = timesOfUntagged(record)
    manifests.set(digest, new PlannedManifest(digest, times, subject, childrenOf(record)))
  }
  return manifests
}

function childrenOf({ mediaType, references }: ManifestRecord): readonly Digest[] {
  return manifestShape(mediaType) === 'index' ? references : []
}

/** A manifest that is not read: its bytes are missing, or it came after the others. It stays. */
function unread(digest: Digest, manifests: Map<Digest, PlannedManifest>): PlannedManifest {
  const manifest = new PlannedManifest(
    digest,
    { since: Number.POSITIVE_INFINITY, pulledAt: null },
    undefined,
    [],
  )
  manifest.hasKeptTag = true
  manifests.set(digest, manifest)
  return manifest
}

function decideOn(
  tag: TagRecord,
  repository: RepositoryName,
  manifests: ReadonlyMap<Digest, PlannedManifest>,
  newest: Newest,
  { rules, moment, isImmutable }: PlanDeps,
): Decision {
  const rule = isImmutable(repository, tag.tag)
  if (rule !== null) return { isKept: true, rule, reason: 'is immutable' }
  const times = manifests.get(tag.digest)?.times
  if (times === undefined || times.since === Number.POSITIVE_INFINITY) {
    return { isKept: true, rule: null, reason: 'its manifest cannot be read, or has just come' }
  }
  const subject = followedBy(tag.tag)
  const since = { since: tag.updatedAt, pulledAt: times.pulledAt }
  const asNew = keptAsNew(tag.updatedAt, moment)
  if (subject === null) {
    const decided = decideTag(tag, since, rules, newest, moment)
    return decided.isKept ? decided : (asNew ?? decided)
  }
  if (asNew !== null) return asNew
  if (subject !== tag.digest && manifests.has(subject)) {
    return { isKept: true, rule: null, reason: `follows ${subject}`, follows: subject }
  }
  // What it was about is gone, so that it is no more than an untagged manifest.
  const decided = decideUntagged(
    { ...since, since: Math.max(since.since, times.since) },
    rules,
    moment,
  )
  return { ...decided, reason: `${decided.reason} (${subject}, which it is about, is not there)` }
}

async function followersOf(
  manifests: ReadonlyMap<Digest, PlannedManifest>,
  pace: Pace,
): Promise<Map<Digest, PlannedManifest[]>> {
  const followers: Map<Digest, PlannedManifest[]> = new Map()
  const add = (subject: Digest, manifest: PlannedManifest): void => {
    const same = followers.get(subject)
    if (same === undefined) followers.set(subject, [manifest])
    else same.push(manifest)
  }
  for (const manifest of manifests.values()) {
    if (pace.isDue) await pace.rest()
    const subject = manifest.subject as Digest | undefined
    if (subject !== undefined && manifests.has(subject)) add(subject, manifest)
    for (const { subject } of manifest.followingTags) add(subject, manifest)
  }
  return followers
}

/** What stays by itself, and what follows from it: everything else goes. */
async function decideManifests(
  manifests: ReadonlyMap<Digest, PlannedManifest>,
  followers: ReadonlyMap<Digest, readonly PlannedManifest[]>,
  { rules, moment, pace }: PlanDeps,
): Promise<void> {
  const staying: PlannedManifest[] = []
  const stay = (manifest: PlannedManifest, decision: Decision | null): void => {
    if (manifest.stays) return
    manifest.stays = true
    manifest.decision = decision
    staying.push(manifest)
  }
  for (const manifest of manifests.values()) {
    if (pace.isDue) await pace.rest()
    if (manifest.hasKeptTag) {
      stay(manifest, null)
      continue
    }
    const { times, goingTags } = manifest
    const follows = followed(manifest, manifests)
    const decision =
      goingTags.length > 0 || follows !== null
        ? keptUntagged(times, rules, moment)
        : decideUntagged(times, rules, moment)
    const asNew = keptAsNew(times.since, moment)
    if (decision?.isKept === true) stay(manifest, decision)
    else if (asNew !== null) stay(manifest, asNew)
    else manifest.decision = decision ?? goesWith(follows)
  }
  for (let manifest = staying.pop(); manifest !== undefined; manifest = staying.pop()) {
    if (pace.isDue) await pace.rest()
    const { digest, children } = manifest
    for (const child of children) {
      const named = manifests.get(child)
      if (named !== undefined) stay(named, follows(`is of ${digest}`))
    }
    for (const follower of followers.get(digest) ?? []) stay(follower, follows(`follows ${digest}`))
  }
  for (const manifest of await ringsOf(manifests, followers, pace)) {
    manifest.stays = true
    manifest.decision = follows('follows itself, by way of others: delete it by hand')
  }
}

/** A manifest that this one depends on; null where there is none. */
function followed(
  { subject, namedBy, followingTags }: PlannedManifest,
  manifests: ReadonlyMap<Digest, PlannedManifest>,
): Digest | null {
  if (namedBy !== null) return namedBy.digest
  const found = manifests.get(subject as Digest)
  return found?.digest ?? followingTags[0]?.subject ?? null
}

function goesWith(digest: Digest | null): Decision | null {
  return digest === null ? null : { isKept: false, rule: null, reason: `goes with ${digest}` }
}

function follows(reason: string): Decision {
  return { isKept: true, rule: null, reason }
}
