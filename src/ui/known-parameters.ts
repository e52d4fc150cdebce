/** Parameters of addresses that a view reads. */
export const knownParameters: ReadonlySet<string> = new Set([
  'after',
  'chosen',
  'format',
  'from',
  'namespace',
  'next',
  'page',
  'platform',
  'q',
  'reference',
  'repository',
  'sort',
  'tab',
  'to',
  'view',
  'watch',
])

/**
 * A query without parameters that no view reads. A client may have put a secret there by mistake, and a view has its own
 * address in its links.
 */
export function knownQuery(search: string): string {
  const given = [...new URLSearchParams(search)]
  const known = given.filter(([name]) => knownParameters.has(name))
  if (known.length === given.length) return search
  return known.length === 0 ? '' : `?${new URLSearchParams(known)}`
}
