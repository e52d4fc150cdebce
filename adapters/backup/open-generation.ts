import { join } from 'node:path'
import { type BlobRef, type CopiedStores, StoreDamaged } from '../../src/kit.ts'
import type { DiskStores } from '../disk/open-stores.ts'
import type { GenerationFacts } from './generation.ts'

/** The stores of a generation, open. */
export interface OpenGeneration extends CopiedStores {
  /** Every key that counts in it. */
  named(): AsyncGenerator<BlobRef>
  close(): Promise<void>
}

/** What a finished generation has. */
export type Reading = Pick<GenerationFacts, 'repositories' | 'digests' | 'bytes'>

/** A generation's stores, with a walk over all that it names. */
export function openGeneration(stores: DiskStores): OpenGeneration {
  const { metadata, blobs } = stores
  return {
    metadata,
    blobs,
    async *named() {
      for (let after: string | null = null; ; ) {
        const page = await metadata.listNamed(pageAfter(after))
        for (const { isMissing, ...blob } of page.items) if (!isMissing) yield blob
        after = page.items.at(-1)?.digest ?? null
        if (!page.more) return
      }
    },
    close: () => stores.close(),
  }
}

/**
 * Looks whether the bytes of all names are there with their sizes, and counts them.
 *
 * @throws StoreDamaged where some are not.
 */
export async function readGeneration(stores: OpenGeneration, folder: string): Promise<Reading> {
  let digests = 0
  let bytes = 0
  for await (const blob of stores.named()) {
    const open = await stores.blobs.open(blob, 'anew')
    if (open === null) {
      throw new StoreDamaged(join(folder, blob.key), `the bytes of ${blob.digest} are not there`)
    }
    await open.close()
    digests += 1
    bytes += blob.size
  }
  let repositories = 0
  for (let after: string | null = null; ; ) {
    const page = await stores.metadata.listRepositories(pageAfter(after))
    repositories += page.items.length
    after = page.items.at(-1) ?? null
    if (!page.more) return { repositories, digests, bytes }
  }
}

function pageAfter(after: string | null): { readonly limit: number; readonly after?: string } {
  return { limit: 1000, ...(after === null ? {} : { after }) }
}
