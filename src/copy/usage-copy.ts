import type { RepositoryName } from '../oci/repository-name.ts'
import type { ManifestRecord } from '../ports/metadata-store.ts'
import { type CopyDeps, inSlot } from './copy-deps.ts'
import { inParallel } from './in-parallel.ts'
import { sideBySide } from './lists.ts'
import { timesOf, wholeMs } from './same.ts'

/**
 * Has a mirror note when manifests lost their last tag and were pulled, as the source does: retention decides by
 * it. Once the tags are what they are in the source, since a tag that left here left now.
 */
export async function copyUsage(deps: CopyDeps, name: RepositoryName): Promise<void> {
  const { lists, to, concurrency } = deps
  const pairs = sideBySide(
    lists.from.manifests(name),
    lists.to.manifests(name),
    ({ digest }: ManifestRecord) => digest,
  )
  await inParallel(pairs, concurrency, async ({ from, to: there }) => {
    if (from === null || there === null || !differs(from, there)) return
    const { pushedAt: _, untaggedAt: __, pulledAt: ___, ...record } = there
    await inSlot(deps, async () => {
      await to.metadata.putManifest(name, {
        record,
        tags: [],
        immutable: [],
        requires: [],
        // The key of its bytes counts while the manifest is there, and may not be named after that.
        expect: { tag: null, match: [record.digest] },
        times: { ...timesOf(from, []), pushedAt: wholeMs(there.pushedAt) },
      })
    })
  })
}

/** Whether the source knows something of a manifest's use that is not known, or known otherwise, in the target. */
function differs(from: ManifestRecord, there: ManifestRecord): boolean {
  return (['untaggedAt', 'pulledAt'] as const).some((time) => {
    const [one, other] = [from[time], there[time]]
    return one !== undefined && (other === undefined || wholeMs(one) !== wholeMs(other))
  })
}
