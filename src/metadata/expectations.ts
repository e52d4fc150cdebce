import type { Digest } from '../oci/digest.ts'
import type { ExpectedDigests, TagExpectation } from '../ports/metadata-store.ts'
import type { Repository } from './repository.ts'

/**
 * Whether what a change expects holds. What readers do not find, because its bytes are missing, counts
 * as absent here too.
 *
 * @param pushed the digest of the manifest that is pushed
 */
export function isAsExpected(
  repository: Repository | undefined,
  pushed: Digest,
  expect: TagExpectation,
): boolean {
  const { tag, match, noneMatch } = expect
  const stored = tag === null ? repository?.manifests.get(pushed) : repository?.tags.target(tag)
  const isReadable = stored !== undefined && stored.holding?.isMissing === false
  const now = isReadable ? stored.digest : null
  if (match !== undefined && (now === null || !accepts(match, now))) return false
  return noneMatch === undefined || now === null || !accepts(noneMatch, now)
}

function accepts(digests: ExpectedDigests, digest: Digest): boolean {
  return digests === 'any' || digests.includes(digest)
}
