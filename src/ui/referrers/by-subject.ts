import { type ContentDetails, entryOf } from '../readers/manifest-details.ts'

/** What an index has beside its platforms, by the digest of what that is about. */
export function bySubject(items: readonly ContentDetails[]): ReadonlyMap<string, ContentDetails[]> {
  const found: Map<string, ContentDetails[]> = new Map()
  for (const item of items) {
    const about = entryOf(item.annotations, 'vnd.docker.reference.digest')
    if (about === null) continue
    const others = found.get(about)
    if (others === undefined) found.set(about, [item])
    else others.push(item)
  }
  return found
}
