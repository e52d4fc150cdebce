import { Slices } from '../../core/slices.ts'
import type { RegistryService } from '../../ports/registry-service.ts'
import { readBlob } from '../artifact/read-content.ts'
import { inTurn } from '../readers/in-turn.ts'
import type { BoundedCache } from './bounded-cache.ts'
import type { Facts } from './facts.ts'
import {
  type ConfigSummary,
  type ManifestSummary,
  summarizeConfig,
  summarizeManifest,
} from './summaries.ts'

/** A config that is larger is not read. */
const mostConfigBytes = 1024 * 1024

/**
 * Bytes of manifests and configs that one view reads anew: a page of tags with twelve platforms each has some 3 MB. What
 * is left is read by the next view.
 */
const mostReadBytes = 8 * 1024 * 1024

/** The facts for one view, which reads only what is not in the caches. */
export function factsForView(
  service: RegistryService,
  manifests: BoundedCache<ManifestSummary>,
  configs: BoundedCache<ConfigSummary>,
): Facts {
  const slices = new Slices()
  let left = mostReadBytes
  let before: Promise<unknown> = Promise.resolve()
  /** Parses one thing after the other, so that others run between two of them. */
  const parsed = async <T>(bytes: Uint8Array, parse: (bytes: Uint8Array) => T): Promise<T> => {
    const value = before
      .then(() => slices.next())
      .then(() => inTurn(bytes.byteLength, () => parse(bytes)))
    before = value.catch(() => {})
    return value
  }
  /** Whether so many bytes may still be read; they count from now on. */
  const take = (size: number): boolean => {
    if (size > left) return false
    left -= size
    return true
  }
  return {
    async manifest(call, repository, digest) {
      const reference = { kind: 'digest', digest } as const
      const info = await service.statManifest(call, repository, reference)
      if (info === null) return null
      const known = manifests.get(digest)
      if (known !== undefined) return known
      if (!take(info.size)) return null
      const found = await service.getManifest(call, repository, reference)
      if (found === null) return null
      const summary = await parsed(found.bytes, (bytes) =>
        summarizeManifest(bytes, found.mediaType),
      )
      if (summary !== null) manifests.put(digest, summary, weightOf(summary))
      return summary
    },

    async config(call, repository, { digest, size }) {
      if (size > mostConfigBytes) return null
      const info = await service.statBlob(call, repository, digest)
      if (info === null) return null
      const known = configs.get(digest)
      if (known !== undefined) return known
      // A manifest may have said any size.
      if (info.size > mostConfigBytes || !take(info.size)) return null
      const bytes = await readBlob({ service, call, repository }, digest, mostConfigBytes)
      const summary = typeof bytes === 'string' ? null : await parsed(bytes, summarizeConfig)
      if (summary !== null) configs.put(digest, summary, weightOf(summary))
      return summary
    },
  }
}

function weightOf(summary: ManifestSummary | ConfigSummary): number {
  return 200 + JSON.stringify(summary).length
}
