import type { ComparedCounts, CopiedKind, CopyCounts } from '../../../src/kit.ts'

const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** A number of bytes for people: `12.3 GiB`. */
export function sizeText(bytes: number): string {
  let amount = bytes
  let unit = 'B'
  for (const next of units) {
    if (amount < 1024) break
    amount /= 1024
    unit = next
  }
  return unit === 'B' ? `${bytes} B` : `${amount.toFixed(amount < 100 ? 1 : 0)} ${unit}`
}

/** A time for people, from seconds to days: `4m 10s`. */
export function timeText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const [minutes, hours, days] = [60, 3_600, 86_400].map((unit) => Math.floor(seconds / unit))
  if (minutes === 0) return `${seconds}s`
  if (hours === 0) return `${minutes}m ${seconds % 60}s`
  if (days === 0) return `${hours}h ${(minutes ?? 0) % 60}m`
  return `${days}d ${(hours ?? 0) % 24}h`
}

/** A count with the thousands apart: `1,204`. */
export function countText(count: number): string {
  return count.toLocaleString('en-US')
}

const nouns: Readonly<Record<CopiedKind, readonly [one: string, many: string]>> = {
  repository: ['repository', 'repositories'],
  blob: ['blob', 'blobs'],
  manifest: ['manifest', 'manifests'],
  tag: ['tag', 'tags'],
}

/** Every kind of name, in the order in which people read of them. */
export const kinds: readonly CopiedKind[] = ['repository', 'blob', 'manifest', 'tag']

/** `2 repositories, 340 blobs`; kinds of which there are none are left out. */
export function namesText(counts: Readonly<CopyCounts>): string {
  const parts = kinds.flatMap((kind) => {
    const count = counts[kind]
    return count === 0 ? [] : `${countText(count)} ${nouns[kind][count === 1 ? 0 : 1]}`
  })
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

/** What a comparison says of one way in which two stores may differ. */
export function countsOf(
  comparison: Readonly<Record<CopiedKind, ComparedCounts>>,
  what: keyof ComparedCounts,
): CopyCounts {
  return {
    repository: comparison.repository[what],
    blob: comparison.blob[what],
    manifest: comparison.manifest[what],
    tag: comparison.tag[what],
  }
}
