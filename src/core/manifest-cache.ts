import type { Digest } from '../oci/digest.ts'
import type { CacheFigures } from '../ports/figures.ts'

/** Bytes of manifests read or written lately, within a budget. Content never changes, so never stale. */
export interface ManifestCache {
  get(digest: Digest): Uint8Array | null
  /** As {@link get}, for who calls that next where nothing is found: it counts once. */
  known(digest: Digest): Uint8Array | null
  put(digest: Digest, bytes: Uint8Array): void
  figures(): CacheFigures
}

/** What an entry costs beside its bytes, roughly. */
const overhead = 256

/** @param budget in bytes */
export function manifestCache(budget: number): ManifestCache {
  /** In order of use, least recent first. */
  const entries: Map<Digest, Uint8Array> = new Map()
  let used = 0
  let misses = 0
  let hits = 0

  function known(digest: Digest): Uint8Array | null {
    const bytes = entries.get(digest)
    if (bytes === undefined) return null
    hits += 1
    // Moving an entry costs more than finding it; under half a budget nothing is about to go.
    if (used > budget / 2) {
      entries.delete(digest)
      entries.set(digest, bytes)
    }
    return bytes
  }

  return {
    get(digest) {
      const bytes = known(digest)
      if (bytes === null) misses += 1
      return bytes
    },
    known,
    figures: () => ({ requests: hits + misses, hits, bytes: used }),
    put(digest, bytes) {
      const cost = bytes.byteLength + overhead
      if (cost > budget || entries.has(digest)) return
      entries.set(digest, withoutSlack(bytes))
      used += cost
      for (const [oldest, old] of entries) {
        if (used <= budget) return
        entries.delete(oldest)
        used -= old.byteLength + overhead
      }
    },
  }
}

/** A short view would keep the whole network buffer behind it alive, which no budget counts. */
function withoutSlack(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength * 2 < bytes.buffer.byteLength ? bytes.slice() : bytes
}
