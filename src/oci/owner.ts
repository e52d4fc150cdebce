/**
 * Whose share of a bounded thing a request takes: its principal's, or its address's where it is
 * anonymous. Null where neither is known: such callers cannot be told apart. IPv6 addresses count by
 * their network of 64 bits, since a single client has all of those.
 */
export function ownerOf(principal: string | null, address: string | undefined): string | null {
  if (principal !== null) return `principal ${principal}`
  return address === undefined ? null : `address ${networkOf(address)}`
}

/** The first four groups of an IPv6 address, its network of 64 bits; another address as it is. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = '', tail = ''] = address.split('::')
  const [first, last] = [groupsOf(head), groupsOf(tail)]
  const zeros = Array.from({ length: Math.max(8 - first.length - last.length, 0) }, () => '0')
  const groups = address.includes('::') ? [...first, ...zeros, ...last] : first
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':')
}
