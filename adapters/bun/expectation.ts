/**
 * How long a client may wait for a `100 Continue` in vain, in seconds: the shortest time that Bun's clock
 * knows. Other clients stop waiting after a few seconds and send the body.
 */
export const vainSeconds = 8

/**
 * Whether a client waits for a `100 Continue` that Bun does not send: it knows `100-continue` in lower
 * case alone, and the HTTP client of Java writes `100-Continue`. A 417 would be no help: that client
 * (JDK 17) then never goes on, and fails when the connection ends.
 */
export function waitsInVain({ headers }: Request): boolean {
  const expected = headers.get('expect')
  return expected !== null && expected !== '100-continue' && /^100-continue$/i.test(expected)
}
