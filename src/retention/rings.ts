import type { Digest } from '../oci/digest.ts'
import type { Pace } from './pace.ts'
import type { PlannedManifest } from './planned-manifest.ts'

/** What would go and cannot, because each waits for another of them, and what waits for those. */
export async function ringsOf(
  manifests: ReadonlyMap<Digest, PlannedManifest>,
  followers: ReadonlyMap<Digest, readonly PlannedManifest[]>,
  pace: Pace,
): Promise<ReadonlySet<PlannedManifest>> {
  const going: Set<PlannedManifest> = new Set()
  for (const manifest of manifests.values()) {
    if (pace.isDue) await pace.rest()
    if (!manifest.stays) going.add(manifest)
  }
  const dependents = ({ digest, children }: PlannedManifest): readonly PlannedManifest[] =>
    [
      ...children.flatMap((child) => manifests.get(child) ?? []),
      ...(followers.get(digest) ?? []),
    ].filter((one) => !one.stays)
  /** For how many each waits. */
  const waits: Map<PlannedManifest, number> = new Map()
  for (const manifest of going) {
    if (pace.isDue) await pace.rest()
    for (const one of dependents(manifest)) waits.set(one, (waits.get(one) ?? 0) + 1)
  }
  const free: PlannedManifest[] = []
  for (const manifest of going) {
    if (pace.isDue) await pace.rest()
    if (!waits.has(manifest)) free.push(manifest)
  }
  for (let manifest = free.pop(); manifest !== undefined; manifest = free.pop()) {
    if (pace.isDue) await pace.rest()
    going.delete(manifest)
    for (const one of dependents(manifest)) {
      const left = (waits.get(one) ?? 0) - 1
      waits.set(one, left)
      if (left === 0) free.push(one)
    }
  }
  return going
}
