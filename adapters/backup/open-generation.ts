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
  await eachLooked(stores, async ({ digest, key, size }, isThere) => {
    if (!isThere) throw new StoreDamaged(join(folder, key), `the bytes of ${digest} are not there`)
    digests += 1
    bytes += size
  })
  let repositories = 0
  for (let after: string | null = null; ; ) {
    const page = await stores.metadata.listRepositories(pageAfter(after))
    repositories += page.items.length
    after = page.items.at(-1) ?? null
    if (!page.more) return { repositories, digests, bytes }
  }
}

/** Blobs that are looked for together. */
const atOnce = 16

/** Looks for the bytes of each blob, by their size; those in segments are checked, too. */
export async function eachLooked(
  { blobs, named }: OpenGeneration,
  told: (blob: BlobRef, isThere: boolean) => Promise<void>,
): Promise<void> {
  const isThere = async (blob: BlobRef): Promise<boolean> => {
    const open = await blobs.open(blob, 'anew')
    await open?.close()
    return open !== null
  }
  let lot: BlobRef[] = []
  const look = async (): Promise<void> => {
    const there = await Promise.all(lot.map(isThere))
    for (const [index, blob] of lot.entries()) await told(blob, there[index] === true)
    lot = []
  }
  for await (const blob of named()) {
    if (lot.push(blob) >= atOnce) await look()
  }
  await look()
}

function pageAfter(after: string | null): { readonly limit: number; readonly after?: string } {
  return { limit: 1000, ...(after === null ? {} : { after }) }
}
