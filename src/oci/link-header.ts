/**
 * A `Link` to the next page (RFC 8288). Path-relative, because clients refuse another scheme or
 * host, and behind a proxy this registry cannot know its own.
 */
export function nextLink(path: string, query: ReadonlyArray<readonly [string, string]>): string {
  const text = query.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&')
  return `<${path}?${text}>; rel="next"`
}
