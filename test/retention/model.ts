import type { Digest } from '../../src/index.ts'
import type {
  KeepTagsDocument,
  RetentionRuleDocument,
  TagRuleDocument,
  UntaggedRuleDocument,
} from '../../src/retention/index.ts'
import { dayMs, hourMs } from './registry.ts'

/** A manifest as a test knows it. */
export interface ModelManifest {
  readonly digest: Digest
  readonly children: readonly Digest[]
  readonly subject: Digest | null
  readonly since: number
  readonly pulledAt: number | null
}

export interface ModelTag {
  readonly tag: string
  readonly digest: Digest
  readonly updatedAt: number
}

/** A repository as it is before a run. */
export interface ModelState {
  readonly manifests: readonly ModelManifest[]
  readonly tags: readonly ModelTag[]
  readonly pullsSince: number
}

export interface Kept {
  readonly tags: ReadonlySet<string>
  readonly digests: ReadonlySet<Digest>
}

/** What a policy keeps, in the plainest way: everything is looked through, every time, until nothing changes. */
export function keptBy(
  rules: readonly RetentionRuleDocument[],
  { manifests, tags, pullsSince }: ModelState,
  now: number,
): Kept {
  const has = (digest: string | null): boolean => manifests.some((one) => one.digest === digest)
  const pulledAt = (digest: Digest): number | null =>
    manifests.find((one) => one.digest === digest)?.pulledAt ?? null
  const since = (digest: Digest): number =>
    manifests.find((one) => one.digest === digest)?.since ?? now

  const ofTags = rules.filter((rule): rule is TagRuleDocument => 'tags' in rule)
  const ofUntagged = rules.filter((rule): rule is UntaggedRuleDocument => 'untagged' in rule)

  function usedWithin(at: number, pulled: number | null, ms: number): boolean {
    const last = Math.max(at, pullsSince, pulled === null ? 0 : pulled + hourMs)
    return now - last < ms
  }
  function keepsByTime(
    keep: Pick<KeepTagsDocument, 'pushedWithin' | 'pulledWithin'>,
    at: number,
    pulled: number | null,
  ): boolean {
    if (keep.pushedWithin !== undefined && now - at < msOf(keep.pushedWithin)) return true
    return keep.pulledWithin !== undefined && usedWithin(at, pulled, msOf(keep.pulledWithin))
  }
  function goesByTime(
    deleting: { readonly olderThan?: string; readonly notPulledFor?: string },
    at: number,
    pulled: number | null,
  ): boolean {
    const { olderThan, notPulledFor } = deleting
    if (olderThan !== undefined && now - at < msOf(olderThan)) return false
    return notPulledFor === undefined || !usedWithin(at, pulled, msOf(notPulledFor))
  }
  function keepsTag(rule: TagRuleDocument, tag: ModelTag): boolean {
    if (rule.keep === undefined || !isAbout(rule, tag.tag)) return false
    if (rule.keep === 'all') return true
    const meant = tags.filter((one) => isAbout(rule, one.tag) && followed(one.tag) === null)
    const { newest, newestVersions } = rule.keep
    if (newest !== undefined) {
      const times = meant.map(({ updatedAt }) => updatedAt).sort((a, b) => b - a)
      if (tag.updatedAt >= (times[newest - 1] ?? 0)) return true
    }
    if (newestVersions !== undefined && majorOf(tag.tag) !== null) {
      const versions = [...new Set(meant.map((one) => majorOf(one.tag)))]
      const sorted = versions.filter((one) => one !== null).sort((a, b) => b - a)
      if ((majorOf(tag.tag) ?? 0) >= (sorted[newestVersions - 1] ?? 0)) return true
    }
    return keepsByTime(rule.keep, tag.updatedAt, pulledAt(tag.digest))
  }
  function deletesTag(rule: TagRuleDocument, tag: ModelTag): boolean {
    if (rule.delete === undefined || !isAbout(rule, tag.tag)) return false
    if (typeof rule.delete === 'string') return true
    return goesByTime(rule.delete, tag.updatedAt, pulledAt(tag.digest))
  }
  const keepsUntagged = (at: number, pulled: number | null): boolean =>
    ofUntagged.some(
      ({ keep }) => keep === 'all' || (keep !== undefined && keepsByTime(keep, at, pulled)),
    )
  const deletesUntagged = (at: number, pulled: number | null): boolean =>
    ofUntagged.some((rule) => rule.delete !== undefined && goesByTime(rule.delete, at, pulled))

  const follows = ({ tag, digest }: ModelTag): boolean =>
    followed(tag) !== digest && has(followed(tag))
  const keptAlone = (tag: ModelTag): boolean => {
    if (followed(tag.tag) !== null) {
      const at = Math.max(tag.updatedAt, since(tag.digest))
      const pulled = pulledAt(tag.digest)
      return keepsUntagged(at, pulled) || !deletesUntagged(at, pulled)
    }
    if (ofTags.some((rule) => keepsTag(rule, tag))) return true
    return !ofTags.some((rule) => deletesTag(rule, tag))
  }

  const gone: Set<Digest> = new Set()
  const isLeft = (digest: string | null): boolean => has(digest) && !gone.has(digest as Digest)
  for (let size = -1; size < gone.size; ) {
    size = gone.size
    for (const one of manifests) {
      const own = tags.filter(({ digest }) => digest === one.digest)
      const alone = own.filter((tag) => !follows(tag))
      const names = manifests.filter(({ children }) => children.includes(one.digest))
      const depends = names.length > 0 || has(one.subject) || own.some(follows)
      const goes =
        !alone.some(keptAlone) &&
        !own.some((tag) => follows(tag) && isLeft(followed(tag.tag))) &&
        !names.some(({ digest }) => isLeft(digest)) &&
        !isLeft(one.subject) &&
        !keepsUntagged(one.since, one.pulledAt) &&
        (depends || alone.length > 0 || deletesUntagged(one.since, one.pulledAt))
      if (goes) gone.add(one.digest)
    }
  }
  const kept = new Set(manifests.map(({ digest }) => digest).filter((one) => !gone.has(one)))
  const keptTags = tags.filter((tag) =>
    follows(tag) ? kept.has(followed(tag.tag) as Digest) : keptAlone(tag),
  )
  return { digests: kept, tags: new Set(keptTags.map(({ tag }) => tag)) }
}

/** The tests' versions are `1.0.0` to `9.0.0`. */
function majorOf(tag: string): number | null {
  return /^\d\.0\.0$/.test(tag) ? Number(tag[0]) : null
}

function isAbout({ tags, exceptTags }: TagRuleDocument, tag: string): boolean {
  const matches = (pattern: string): boolean =>
    pattern === 'semver'
      ? majorOf(tag) !== null
      : new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(tag)
  return (
    [tags].flat().some(matches) && !(exceptTags !== undefined && [exceptTags].flat().some(matches))
  )
}

function followed(tag: string): string | null {
  return tag.startsWith('sha256-') ? `sha256:${tag.slice(7, 71)}` : null
}

function msOf(text: string): number {
  return Number.parseInt(text, 10) * dayMs
}
