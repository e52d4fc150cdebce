import type { ByteRate } from '../copy/byte-rate.ts'
import { transfer } from '../copy/transfer.ts'
import { dropBytes } from '../core/naming.ts'
import type { Digest } from '../oci/digest.ts'
import type { BlobRef, BlobStore } from '../ports/blob-store.ts'
import type { MetadataStore } from '../ports/metadata-store.ts'
import type { NoticeSink } from '../ports/notices.ts'
import type { HashFactory } from '../ports/streaming-hash.ts'

/** Where whole bytes of a digest may be. */
export interface RepairSource {
  /** For people. */
  readonly name: string
  /**
   * Where the bytes of a digest are, if they are here; null where they are not.
   *
   * @param repositories some repositories that have it, for a source that is asked by repository
   */
  find(
    digest: Digest,
    size: number,
    repositories: readonly string[],
  ): Promise<{ readonly blobs: Pick<BlobStore, 'open' | 'check'>; readonly ref: BlobRef } | null>
}

/** A source that is another registry's stores, such as a mirror's. */
export function repairSource(
  name: string,
  { blobs, metadata }: { readonly blobs: BlobStore; readonly metadata: MetadataStore },
): RepairSource {
  return {
    name,
    async find(digest) {
      const ref = await namedBytes(metadata, digest)
      return ref === null || ref.isMissing ? null : { blobs, ref }
    },
  }
}

/** What a store says of a digest, whichever repository names it; null where none does. */
export async function namedBytes(
  metadata: Pick<MetadataStore, 'listNamed'>,
  digest: Digest,
): Promise<(BlobRef & { readonly isMissing: boolean }) | null> {
  // The text without its last digit comes before it, and before at most fifteen others of its length.
  const { items } = await metadata.listNamed({ after: digest.slice(0, -1), limit: 16 })
  return items.find((item) => item.digest === digest) ?? null
}

/** What a repair works with. */
export interface RepairDeps {
  readonly blobs: BlobStore
  readonly metadata: MetadataStore
  readonly hash: HashFactory
  readonly rate: ByteRate
  readonly signal: AbortSignal | undefined
  readonly onNotice: NoticeSink
  readonly sources: readonly RepairSource[]
}

/**
 * Puts whole bytes of a digest in the place of those that are known to be missing: hashed on the way, durable before
 * a name points at them.
 *
 * @returns the name of the source they came from; null where no source has them
 */
export async function repair(
  deps: RepairDeps,
  missing: BlobRef,
  repositories: readonly string[],
): Promise<string | null> {
  for (const source of deps.sources) {
    const found = await source
      .find(missing.digest, missing.size, repositories)
      .catch((error: unknown) => told(deps, source, error))
    if (found === null || found.ref.size !== missing.size) continue
    const { blobs, metadata, onNotice } = deps
    const from = found.blobs as BlobStore
    const sent = (): void => {}
    const outcome = await transfer({ ...deps, from, to: blobs, sent }, found.ref)
    if (outcome.kind !== 'committed') continue
    if (await metadata.healMissing(missing, outcome.blob)) return source.name
    // Healed or deleted meanwhile.
    await dropBytes({ blobs, metadata, onNotice }, outcome.blob)
    return null
  }
  return null
}

function told({ onNotice }: RepairDeps, { name }: RepairSource, error: unknown): null {
  const task = `looking for whole bytes in ${name}`
  onNotice({ kind: 'background-failure', task, error, retried: false })
  return null
}
