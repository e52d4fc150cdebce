import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import type { Decision, Times } from './decide.ts'

/** A tag that goes. */
export interface GoingTag {
  readonly tag: Tag
  readonly decision: Decision
}

/** A tag that follows another manifest. */
export interface FollowingTag {
  readonly tag: Tag
  readonly subject: Digest
}

const nothing: readonly never[] = []

/** A manifest of the repository that a plan is made for. There may be a hundred thousand, so it is small. */
export class PlannedManifest {
  readonly digest: Digest
  readonly times: Times
  /** The digest that it refers to, verbatim. */
  readonly subject: string | undefined
  /** The manifests that an index names. */
  readonly children: readonly Digest[]
  /** An index that names it. */
  namedBy: PlannedManifest | null = null
  /** Whether a tag stands for it that stays by itself. */
  hasKeptTag = false
  goingTags: readonly GoingTag[] = nothing
  followingTags: readonly FollowingTag[] = nothing
  stays = false
  /** Why it stays or goes, once the plan is made; null where its tags say it. */
  decision: Decision | null = null

  constructor(
    digest: Digest,
    times: Times,
    subject: string | undefined,
    children: readonly Digest[],
  ) {
    this.digest = digest
    this.times = times
    this.subject = subject
    this.children = children.length === 0 ? nothing : children
  }

  get hasTags(): boolean {
    return this.hasKeptTag || this.goingTags.length > 0 || this.followingTags.length > 0
  }

  addGoing(tag: GoingTag): void {
    this.goingTags = appended(this.goingTags, tag)
  }

  addFollowing(tag: FollowingTag): void {
    this.followingTags = appended(this.followingTags, tag)
  }
}

/** Most have no such tag: the list is made with the first. */
function appended<T>(list: readonly T[], item: T): readonly T[] {
  if (list.length === 0) return [item]
  ;(list as T[]).push(item)
  return list
}
