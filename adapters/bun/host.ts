/** A name or an address, and a port: RFC 9110, section 7.2, without what nobody calls a host. */
const grammar = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?$/

/**
 * Whether a `Host` names one host. Bun makes a request's URL by putting the Host and the target
 * together: `Host: a b` would make it an address without a host, and `/v2/x` the path `/x`.
 */
export function isHost(host: string | null): boolean {
  if (host === null) return false
  const match = grammar.exec(host)
  return match !== null && Number(match[1] ?? 0) <= 65_535
}

/** The request of a client that need not name its host (HTTP/1.0), without its body. */
export function withHost({ url, method, headers }: Request): Request {
  return new Request(`http://localhost${url}`, { method, headers })
}
