import type { Digest } from '../../oci/digest.ts'
import type { ReferrerCount } from '../../ports/metadata-store.ts'
import { type ArtifactKind, attachedTag, kindOfType, tagsAttachedTo } from '../readers/kinds.ts'
import type { AttachedCount } from './artifact-data.ts'
import type { RepositoryReader } from './read-content.ts'

/** Counts what is attached to a manifest by kind: its referrers, and what the names of tags attach to it. */
export async function countAttached(
  { service, call, repository }: RepositoryReader,
  digest: Digest,
  referrers: readonly ReferrerCount[],
): Promise<readonly AttachedCount[]> {
  const counts: Map<ArtifactKind, number> = new Map()
  const add = (kind: ArtifactKind, count: number): void => {
    counts.set(kind, (counts.get(kind) ?? 0) + count)
  }
  for (const { artifactType, count } of referrers) add(kindOfType(artifactType), count)
  for (const tag of tagsAttachedTo(digest)) {
    const kind = attachedTag(tag)?.kind ?? null
    if (kind === null) continue
    const found = await service.statManifest(call, repository, { kind: 'tag', tag })
    if (found !== null) add(kind, 1)
  }
  return [...counts].map(([kind, count]) => ({ kind, count }))
}
