import type { Digest } from '../oci/digest.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Tag } from '../oci/tag.ts'
import type { CallContext } from '../ports/call-context.ts'
import type {
  KeptManifest,
  ManifestDeletion,
  RemovedManifest,
  TagDeletion,
} from '../ports/metadata-store.ts'
import type { CoreDeps } from './deps.ts'
import { factsOf } from './manifest-events.ts'
import type { PullTimes } from './pull-times.ts'
import { deletionOf } from './trash.ts'

/**
 * Deletions that are held to conditions in the step that makes them, which no client can state: for maintenance.
 * What goes is an event, and in the trash as long as the registry's limits say.
 */
export interface ConditionalDeletes {
  /**
   * What the tag stood for; null where it was not there, or not as the conditions want it. Immutable tags of the
   * call are not looked at.
   */
  deleteTag(
    call: CallContext,
    repository: RepositoryName,
    tag: Tag,
    conditions?: Pick<TagDeletion, 'expect' | 'notSince' | 'unlessHas'>,
  ): Promise<Digest | null>
  /** Removes those of some repositories that hold nothing; their names. There is nothing of them to be brought back. */
  deleteEmpty(
    call: CallContext,
    repositories: readonly RepositoryName[],
  ): Promise<readonly RepositoryName[]>
  /** Null where it was not there. */
  deleteManifest(
    call: CallContext,
    repository: RepositoryName,
    digest: Digest,
    conditions: Pick<ManifestDeletion, 'isImmutable' | 'notSince' | 'unlessHas'>,
  ): Promise<RemovedManifest | KeptManifest | null>
}

/** Deletes tags and manifests, and tells of it. */
export function conditionalDeletes(deps: CoreDeps, pulls: PullTimes | null): ConditionalDeletes {
  const { metadata, limits, tell } = deps
  return {
    async deleteTag(call, repository, tag, conditions = {}) {
      const telling = tell<Digest>(call, (digest) => [
        { kind: 'tag-deleted', repository, tag, digest },
      ])
      const options = { ...deletionOf(metadata, limits), ...conditions, ...telling.options }
      const digest = await metadata.deleteTag(repository, tag, options)
      if (digest !== null) telling.done(digest)
      return digest
    },

    async deleteEmpty(call, repositories) {
      return deleteEmpty(deps, call, repositories.length, repositories)
    },

    async deleteManifest(call, repository, digest, conditions) {
      const { leaseMs } = limits
      const telling = tell<RemovedManifest>(call, ({ record, tags, tagCount }) => [
        { kind: 'manifest-deleted', repository, ...factsOf(record), tags, tagCount },
      ])
      const deletion = { leaseMs, ...deletionOf(metadata, limits), ...conditions }
      const options = { ...deletion, ...telling.options }
      const outcome = await metadata.deleteManifest(repository, digest, options)
      if (outcome?.kind !== 'removed') return outcome
      pulls?.forget(repository, digest)
      telling.done(outcome)
      return outcome
    },
  }
}

/** Removes up to `limit` repositories that hold nothing, of some or of all; their names. */
export async function deleteEmpty(
  { metadata, tell }: CoreDeps,
  call: CallContext,
  limit: number,
  among?: readonly RepositoryName[],
): Promise<readonly RepositoryName[]> {
  const telling = tell<RepositoryName>(call, (repository) => [
    { kind: 'repository-deleted', repository, manifests: 0, tags: 0 },
  ])
  const gone = await metadata.deleteEmptyRepositories(limit, among, telling.options)
  for (const repository of gone) telling.done(repository)
  return gone
}
