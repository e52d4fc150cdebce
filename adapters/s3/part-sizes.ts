const mib = 1024 * 1024

/** The most parts S3 puts together. */
export const mostParts = 10_000
/** The most bytes S3 copies as one part. */
export const largestCopy: number = 5 * 1024 * mib

/** Sizes of parts, and the number of the part from which on they count. */
const steps: readonly (readonly [from: number, bytes: number])[] = [
  [6001, 256 * mib],
  [3001, 64 * mib],
  [1001, 16 * mib],
]

/**
 * How many bytes the part of that number gets. Small at first, since they wait in memory; growing, so that 10,000
 * parts are more than 1 TiB.
 */
export function growingPart(number: number, least: number): number {
  const step = steps.find(([from]) => number >= from)
  return Math.max(least, step?.[1] ?? 0)
}

/** How many bytes every part gets where all are of one size: as few as the expected length allows. */
export function equalPart(expected: number, least: number): number {
  // Some numbers are for parts that are sent again.
  const needed = Math.ceil(expected / (mostParts * 0.9) / mib) * mib
  return Math.max(least, needed)
}

/** Ranges an object is copied in, each one part. */
export function copyRanges(
  size: number,
  piece: number | null,
): readonly { readonly start: number; readonly end: number }[] {
  const count = piece === null ? Math.ceil(size / largestCopy) : Math.floor(size / piece)
  const bytes = piece ?? Math.ceil(size / Math.max(count, 1))
  return Array.from({ length: count }, (_, index) => ({
    start: index * bytes,
    end: Math.min((index + 1) * bytes, size),
  }))
}
