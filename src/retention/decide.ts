import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { ManifestRecord, TagRecord } from '../ports/metadata-store.ts'
import { durationText } from './durations.ts'
import type { Newest } from './newest.ts'
import { coversTag, type Deleting, type RetentionRule } from './read-policy.ts'

/** What becomes of a tag or manifest, and why. */
export interface Decision {
  readonly isKept: boolean
  /** The rule that decided, such as `rules[0]`, or of the access policy; null where none did. */
  readonly rule: string | null
  /** A part of a sentence: `is among the 10 newest`. */
  readonly reason: string
  /** The manifest that a tag is named after, with which it stays or goes. */
  readonly follows?: Digest
}

/** Says whether a tag does not move or go, by whatever else is asked; the name of its rule, or null. */
export type ImmutableTags = (repository: RepositoryName, tag: Tag) => string | null

/** The times that a decision looks at, in milliseconds since the epoch. */
export interface Times {
  /** When the tag was set; of an untagged manifest, when it was pushed or lost its last tag. */
  readonly since: number
  /** The hour of the last pull; null where none is known. */
  readonly pulledAt: number | null
}

/** What decisions are made with. */
export interface Moment {
  readonly now: number
  /** What was pushed, set or untagged then or later stays: another node's clock may be behind by so much. */
  readonly notSince: number
  /** Since when pulls are noted; null where they are not. */
  readonly pullsSince: number | null
}

/** The times of an untagged manifest. */
export function timesOfUntagged({
  pushedAt,
  untaggedAt = 0,
  pulledAt = null,
}: Pick<ManifestRecord, 'pushedAt' | 'untaggedAt'> & { pulledAt?: number | null }): Times {
  return { since: Math.max(pushedAt, untaggedAt), pulledAt }
}

/** What is too new for any rule; null for the rest. The store holds each deletion to the same. */
export function keptAsNew(since: number, { now, notSince }: Moment): Decision | null {
  if (since < notSince) return null
  const reason =
    since > now ? 'has a time in the future' : 'was pushed, set or untagged a moment ago'
  return { isKept: true, rule: null, reason }
}

/** What becomes of a tag. */
export function decideTag(
  tag: TagRecord,
  times: Times,
  rules: readonly RetentionRule[],
  newest: Newest,
  moment: Moment,
): Decision {
  const meant = rules.filter((rule) => rule.about === 'tags' && coversTag(rule, tag.tag))
  for (const rule of meant) {
    const { keep, label } = rule
    const reason = keep === null ? null : whyKept(rule, times, moment, { tag, newest })
    if (reason !== null) return { isKept: true, rule: label, reason }
  }
  return deletedBy(meant, times, moment, 'no rule is about it')
}

/** What becomes of a manifest that has no tag and depends on no other. */
export function decideUntagged(
  times: Times,
  rules: readonly RetentionRule[],
  moment: Moment,
): Decision {
  const meant = rules.filter(({ about }) => about === 'untagged')
  return (
    keptUntagged(times, meant, moment) ??
    deletedBy(meant, times, moment, 'no rule is about untagged manifests')
  )
}

/** The rule that keeps an untagged manifest by itself; null where none does. */
export function keptUntagged(
  times: Times,
  rules: readonly RetentionRule[],
  moment: Moment,
): Decision | null {
  for (const rule of rules) {
    if (rule.about !== 'untagged' || rule.keep === null) continue
    const reason = whyKept(rule, times, moment, null)
    if (reason !== null) return { isKept: true, rule: rule.label, reason }
  }
  return null
}

function whyKept(
  rule: RetentionRule,
  times: Times,
  moment: Moment,
  of: { readonly tag: TagRecord; readonly newest: Newest } | null,
): string | null {
  const { keep } = rule
  if (keep === null) return null
  if (keep === 'all') return 'is kept always'
  const { newest, newestVersions, pushedWithin, pulledWithin } = keep
  if (of !== null) {
    if (newest !== undefined && of.newest.isNewest(rule, of.tag)) {
      return `is among the ${newest} newest`
    }
    if (newestVersions !== undefined && of.newest.isHighest(rule, of.tag)) {
      return `is among the ${newestVersions} highest versions`
    }
  }
  const { now, pullsSince } = moment
  if (pushedWithin !== undefined && !isOlder(times.since, pushedWithin, now)) {
    return `was pushed within ${durationText(pushedWithin)}`
  }
  if (pulledWithin === undefined || isUnused(times, pulledWithin, moment)) return null
  const within = durationText(pulledWithin)
  if (!isOlder(times.since, pulledWithin, now)) return `was pushed within ${within}`
  if (pullsSince === null) return `might have been pulled within ${within}: pulls are not noted yet`
  return times.pulledAt === null
    ? `might have been pulled within ${within}: pulls are noted since ${dateText(pullsSince)}`
    : `was pulled within ${within}`
}

function deletedBy(
  meant: readonly RetentionRule[],
  times: Times,
  moment: Moment,
  none: string,
): Decision {
  let waiting: Decision | null = null
  for (const { label, delete: deleting } of meant) {
    if (deleting === null) continue
    const unmet = deleting === 'all' ? null : whyNotYet(deleting, times, moment)
    if (unmet === null) return { isKept: false, rule: label, reason: whyDeleted(deleting) }
    waiting ??= { isKept: true, rule: label, reason: unmet }
  }
  if (waiting !== null) return waiting
  return { isKept: true, rule: null, reason: meant.length === 0 ? none : 'no rule deletes it' }
}

function whyNotYet(
  { olderThan, notPulledFor }: Deleting,
  times: Times,
  moment: Moment,
): string | null {
  if (olderThan !== undefined && !isOlder(times.since, olderThan, moment.now)) {
    return isBelievable(times.since)
      ? `is not older than ${durationText(olderThan)} yet`
      : 'has no time that can be believed'
  }
  if (notPulledFor === undefined || isUnused(times, notPulledFor, moment)) return null
  return `was pulled or pushed within ${durationText(notPulledFor)}, as far as is known`
}

function whyDeleted(deleting: 'all' | Deleting): string {
  if (deleting === 'all') return 'no rule keeps it'
  const { olderThan, notPulledFor } = deleting
  const parts = [
    ...(olderThan === undefined ? [] : [`is older than ${durationText(olderThan)}`]),
    ...(notPulledFor === undefined ? [] : [`was not pulled for ${durationText(notPulledFor)}`]),
  ]
  return parts.join(' and ')
}

const hourMs = 3_600_000
/** A time before 2015 is that of a machine whose clock was not set yet. */
const earliest = Date.UTC(2015, 0)

function isBelievable(time: number): boolean {
  return time >= earliest
}

/** Whether something is at least so old. What is from the future is not. */
function isOlder(since: number, ms: number, now: number): boolean {
  return isBelievable(since) && now - since >= ms
}

/** Whether it was surely not pulled for so long, nor pushed. A pull is known by its hour alone. */
function isUnused({ since, pulledAt }: Times, ms: number, { now, pullsSince }: Moment): boolean {
  if (pullsSince === null) return false
  const used = Math.max(since, pullsSince, pulledAt === null ? 0 : pulledAt + hourMs)
  return isOlder(since, 0, now) && isOlder(used, ms, now)
}

function dateText(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
