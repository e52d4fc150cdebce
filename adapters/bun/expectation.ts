/**
 * Whether a client waits for a `100 Continue` that Bun does not send: it knows `100-continue` in lower
 * case alone, and the HTTP client of Java writes `100-Continue`.
 */
export function waitsInVain({ headers }: Request): boolean {
  const expected = headers.get('expect')
  return expected !== null && expected !== '100-continue' && /^100-continue$/i.test(expected)
}
