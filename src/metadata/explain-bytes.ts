import type { Digest } from '../oci/digest.ts'
import type { BytesHolder, BytesReasons } from '../ports/garbage-values.ts'
import type { Holding } from './holdings.ts'
import { namesAfter } from './name-list.ts'
import { Steps } from './paced.ts'
import type { Link, Repository } from './repository.ts'
import type { State } from './state.ts'
import { heldBy } from './trash-entries.ts'

/** Manifests and tags that one reason names. */
const namedAtMost = 10

/** Why the bytes of a digest are kept; null where nothing is known of them. */
export async function explainBytes(
  state: State,
  now: number,
  digest: Digest,
  limit: number,
): Promise<BytesReasons | null> {
  const { holdings, repositories } = state
  const steps = new Steps()
  const condemned = [...holdings.condemned.values()].filter((blob) => blob.digest === digest)
  const holding = holdings.get(digest)
  if (holding === undefined) {
    return condemned.length === 0
      ? null
      : { blob: null, isMissing: false, holders: [], more: false, condemned }
  }
  const holders: BytesHolder[] = []
  let more = false
  const add = (holder: BytesHolder): void => {
    if (holders.length < limit) holders.push(holder)
    else more = true
  }
  if (holding.records > 0) {
    for (const repository of repositories.values()) {
      const stored = repository.manifests.get(digest)
      if (stored !== undefined && stored.holding !== null) {
        const tags = namesAfter(stored.tags, undefined, namedAtMost)
        add({ kind: 'manifest', repository: repository.name, tags, tagCount: stored.tagCount })
      }
      if (steps.isOver()) await steps.rest()
    }
  }
  for (let link = holding.firstLink; link !== null && !more; link = link.next) {
    if (link.repository.isDeleted) continue
    const { repository, references, keepUntil } = link
    const namedBy = references === 0 ? [] : await namersOf(repository, link, steps)
    const leaseLeftMs = references === 0 ? Math.max(keepUntil - now, 0) : null
    add({ kind: 'blob', repository: repository.name, namedBy, leaseLeftMs })
  }
  for (const { id, name, keepUntil, content } of state.trash.values()) {
    if (more) break
    const isHeld =
      content.kind === 'repository'
        ? has(content.repository, holding)
        : heldBy(content).includes(holding)
    const leftMs = Math.max(keepUntil - now, 0)
    if (isHeld) add({ kind: 'trash', repository: name, id, leftMs })
    if (steps.isOver()) await steps.rest()
  }
  const { ref, isMissing } = holding
  return { blob: ref, isMissing, holders, more, condemned }
}

/** Whether a repository has the bytes, as a blob or as a manifest. */
function has({ links, manifests }: Repository, holding: Holding): boolean {
  const { digest } = holding
  return links.get(digest)?.holding === holding || manifests.get(digest)?.holding === holding
}

/** Some manifests of the repository that name the digest. */
async function namersOf(
  { manifests }: Repository,
  { digest }: Link,
  steps: Steps,
): Promise<readonly Digest[]> {
  const found: Digest[] = []
  for (const stored of manifests.values()) {
    if (stored.holding !== null && stored.references.includes(digest)) found.push(stored.digest)
    if (found.length === namedAtMost) break
    if (steps.isOver()) await steps.rest()
  }
  return found
}
