/**
 * The size of an index, as the store counts it: what is there. Null where one of its manifests says by itself that it
 * has more, so that some of the content is somewhere else.
 *
 * @param counted in bytes; null where the store does not count it
 * @param parts what a client downloads for each of its manifests
 */
export function wholeSize(
  counted: number | null,
  parts: ReadonlyArray<number | null | undefined>,
): number | null {
  if (counted === null) return null
  return parts.some((part) => (part ?? 0) > counted) ? null : counted
}
