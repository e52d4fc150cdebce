import type { ManifestRecord, ManifestTimes, TagRecord } from '../ports/metadata-store.ts'

/** Whether two records say the same of a manifest, its times aside. */
export function sameManifest(one: ManifestRecord, other: ManifestRecord): boolean {
  return (
    one.size === other.size &&
    one.mediaType === other.mediaType &&
    one.artifactType === other.artifactType &&
    one.subject === other.subject &&
    one.references.join() === other.references.join() &&
    JSON.stringify(one.annotations) === JSON.stringify(other.annotations)
  )
}

/** A time as a change takes it, in milliseconds since the epoch: some clocks count parts of one. */
export function wholeMs(time: number): number {
  return Math.max(0, Math.floor(time))
}

/** The times of a manifest and of tags of it. */
export function timesOf(record: ManifestRecord, tags: readonly TagRecord[]): ManifestTimes {
  const { untaggedAt, pulledAt } = record
  return {
    ...(untaggedAt === undefined ? {} : { untaggedAt: wholeMs(untaggedAt) }),
    ...(pulledAt === undefined ? {} : { pulledAt: wholeMs(pulledAt) }),
    pushedAt: wholeMs(record.pushedAt),
    updatedAt: tags.map(({ updatedAt }) => wholeMs(updatedAt)),
  }
}
