import { everyItem } from '../core/paging.ts'
import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/tag.ts'
import type { MetadataStore } from '../ports/metadata-store.ts'
import type { Decision } from './decide.ts'
import type { Pace } from './pace.ts'
import type { RepositoryPlan } from './plan.ts'
import type { PlannedManifest } from './planned-manifest.ts'

/** What becomes of a tag, or of a manifest without tags, and why. */
export interface Explanation {
  readonly kind: 'tag' | 'manifest'
  /** Of a tag. */
  readonly tag?: Tag
  /** The manifest, or what the tag stands for. */
  readonly digest: Digest
  readonly isKept: boolean
  /** The rule that decided, such as `rules[0]`, or of the access policy; null where none did. */
  readonly rule: string | null
  /** A part of a sentence: `is among the 10 newest`. */
  readonly reason: string
}

/** Says of every tag what becomes of it, by name; then of every manifest that has none. */
export async function* explainPlan(
  plan: RepositoryPlan,
  metadata: MetadataStore,
  pace: Pace,
): AsyncGenerator<Explanation> {
  const { repository, manifests } = plan
  const tags = everyItem(
    async (page) => (await metadata.listTagRecords(repository, page)) ?? { items: [], more: false },
  )
  for await (const tag of tags) {
    if (pace.isDue) await pace.rest()
    const { digest } = tag
    yield { kind: 'tag', tag: tag.tag, digest, ...decisionOn(plan.decide(tag), plan) }
  }
  for (const manifest of manifests.values()) {
    if (pace.isDue) await pace.rest()
    const { digest, hasTags } = manifest
    const decision = decisionOfManifest(manifest)
    if (!hasTags && decision !== null) yield { kind: 'manifest', digest, ...decision }
    // Its tags go, and it does not.
    if (hasTags && !manifest.hasKeptTag && manifest.stays && decision !== null) {
      yield { kind: 'manifest', digest, ...decision }
    }
  }
}

/** A tag that follows a manifest goes with it. */
function decisionOn(decision: Decision, { manifests }: RepositoryPlan): Decision {
  const followed = decision.follows === undefined ? undefined : manifests.get(decision.follows)
  if (followed === undefined || followed.stays) return decision
  return { isKept: false, rule: null, reason: `goes with ${followed.digest}` }
}

function decisionOfManifest({ decision, stays }: PlannedManifest): Decision | null {
  return decision ?? (stays ? null : { isKept: false, rule: null, reason: 'its last tag goes' })
}
