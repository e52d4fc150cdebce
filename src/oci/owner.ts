/**
 * Whose share of a bounded thing a request takes: its principal's, or its address's where it is
 * anonymous. Null where neither is known: such callers cannot be told apart.
 */
export function ownerOf(principal: string | null, address: string | undefined): string | null {
  if (principal !== null) return `principal ${principal}`
  return address === undefined ? null : `address ${address}`
}
