/** Names returned by one walk. A larger folder is walked again for more, so memory is bounded. */
const defaultLimit = 32 * 1024

/** The first names after `after`, sorted; at most `limit` of them, however many there are. */
export async function firstNames(
  names: AsyncIterable<string>,
  after: string,
  limit: number = defaultLimit,
): Promise<readonly string[]> {
  let first: string[] = []
  let bound: string | null = null
  for await (const name of names) {
    if (name <= after || (bound !== null && name >= bound)) continue
    first.push(name)
    if (first.length < limit * 2) continue
    first = first.sort().slice(0, limit)
    bound = first.at(-1) ?? null
  }
  return first.sort().slice(0, limit)
}
