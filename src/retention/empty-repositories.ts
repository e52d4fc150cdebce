import type { ConditionalDeletes } from '../core/conditional-deletes.ts'
import { everyItem } from '../core/paging.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { MetadataStore } from '../ports/metadata-store.ts'
import type { RetentionPolicy } from './read-policy.ts'

/** What empty repositories are looked for with. */
export interface EmptyDeps {
  readonly policy: RetentionPolicy
  readonly metadata: MetadataStore
  readonly deletes: ConditionalDeletes
  readonly call: CallContext
  readonly dryRun: boolean
  /** Undefined for all. */
  readonly only: readonly RepositoryName[] | undefined
  readonly signal: AbortSignal
}

const together = 100

/**
 * Deletes repositories that hold nothing, where a rule says so; how many. A manifest that went a moment ago leaves its
 * blobs for a while, so that its repository becomes empty with a later collection.
 */
export async function dropEmpty({
  policy,
  metadata,
  deletes,
  call,
  dryRun,
  only,
  signal,
}: EmptyDeps): Promise<number> {
  const rules = policy.rules.filter(({ about }) => about === 'empty')
  if (rules.length === 0) return 0
  let count = 0
  let lot: RepositoryName[] = []
  const drop = async (): Promise<void> => {
    count += dryRun ? lot.length : (await deletes.deleteEmpty(call, lot)).length
    lot = []
  }
  for await (const repository of only ?? everyItem((page) => metadata.listRepositories(page))) {
    signal.throwIfAborted()
    if (!rules.some((rule) => rule.isAbout(repository))) continue
    const counts = await metadata.countRepository(repository)
    if (counts === null || counts.manifests + counts.blobs + counts.tags > 0) continue
    lot.push(repository)
    if (lot.length === together) await drop()
  }
  if (lot.length > 0) await drop()
  return count
}
