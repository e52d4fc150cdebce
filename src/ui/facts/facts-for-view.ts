import { Slices } from '../../core/slices.ts'
import type { Digest } from '../../oci/digest.ts'
import type { RegistryService } from '../../ports/registry-service.ts'
import { readBlob } from '../artifact/read-content.ts'
import { inTurn } from '../readers/in-turn.ts'
import { ParseBudget } from '../readers/parse-budget.ts'
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
 * Bytes of manifests and configs that one view reads: a page of tags with twelve platforms each has some 3 MB, and one
 * manifest may have 4 MiB. What is left is read by the next view.
 */
const mostReadBytes = 4.5 * 1024 * 1024

/** The facts for one view, which reads only what is not in the caches. */
export function factsForView(
  service: RegistryService,
  manifests: BoundedCache<ManifestSummary | null>,
  configs: BoundedCache<ConfigSummary | null>,
): Facts {
  const slices = new Slices()
  const budget = new ParseBudget()
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
  /** The summary of content, or that it has none: the next view does not have to find that out again. */
  const remembered = async <T extends ManifestSummary | ConfigSummary>(
    cache: BoundedCache<T | null>,
    digest: Digest,
    content: Uint8Array,
    summarize: (bytes: Uint8Array) => T | null,
  ): Promise<T | null> => {
    const [verdict, summary] = await parsed(content, (bytes) => {
      const verdict = budget.judge(bytes)
      return [verdict, verdict === 'now' ? summarize(bytes) : null] as const
    })
    if (verdict !== 'later') cache.put(digest, summary, weightOf(summary))
    return summary
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
      return remembered(manifests, digest, found.bytes, (bytes) =>
        summarizeManifest(bytes, found.mediaType),
      )
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
      if (typeof bytes === 'string') return null
      return remembered(configs, digest, bytes, summarizeConfig)
    },
  }
}

function weightOf(summary: ManifestSummary | ConfigSummary | null): number {
  return 200 + JSON.stringify(summary).length
}
