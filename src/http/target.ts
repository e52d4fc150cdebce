/** The path and query of a URL; on Bun, that of HTTP/1.0 without a Host is nothing more. */
export function targetOf(url: string): string {
  return url.startsWith('/') ? url : url.slice(url.indexOf('/', url.indexOf('://') + 3))
}
