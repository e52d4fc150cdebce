import type { RepositoryName } from '../oci/repository-name.ts'
import { isCount, readAll, readDigest } from './decoded-values.ts'
import type { Effect } from './effects.ts'

/** That the last tag of a manifest left it. */
export function readUntagged(line: readonly unknown[], repository: RepositoryName): Effect | null {
  const [, , text, time] = line
  const digest = line.length === 4 ? readDigest(text) : null
  return digest && isCount(time) ? { kind: 'untagged', repository, digest, time } : null
}

/** That manifests were pulled. */
export function readPulled(line: readonly unknown[], repository: RepositoryName): Effect | null {
  const [, , time, ...texts] = line
  const digests = readAll(texts, readDigest)
  if (!isCount(time) || digests === null || digests.length === 0) return null
  return { kind: 'pulled', repository, time, digests }
}

/** That a repository is there, and when a manifest was last pushed to it. */
export function readRepository(
  line: readonly unknown[],
  repository: RepositoryName,
): Effect | null {
  const pushedAt = line[2]
  if (line.length === 2) return { kind: 'repository', repository }
  return line.length === 3 && isCount(pushedAt)
    ? { kind: 'repository', repository, pushedAt }
    : null
}
