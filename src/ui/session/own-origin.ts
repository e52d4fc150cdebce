import type { Peer } from '../../ports/access.ts'

/** What a change says of the page that sends it. */
export type ChangeOrigin =
  /** A page of ours. */
  | 'own'
  /** A program, which is no browser: it sends JSON and says nothing of a page. */
  | 'program'
  /** A page of another site, or one that does not say. */
  | 'foreign'

/**
 * Finds out where a change comes from. Every browser says so itself, by `Sec-Fetch-Site` or `Origin`, and no page
 * can change either. A form without both, which some old browser may send for any site, is refused. JSON without both
 * is a program's: a page of another site cannot send that type without asking first, and is never allowed to.
 */
export function changeOrigin(
  { headers, url }: Pick<Request, 'headers' | 'url'>,
  peer: Peer,
): ChangeOrigin {
  const site = headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin') return 'foreign'
  const origin = headers.get('origin')
  if (origin !== null) {
    // Behind a proxy that changes the host, the browser's own word is what is left.
    return site === 'same-origin' || isOwnHost(origin, headers, url, peer) ? 'own' : 'foreign'
  }
  if (site !== null) return 'own'
  return isJson(headers) ? 'program' : 'foreign'
}

/** A proxy may have taken the TLS away, so the scheme says nothing, as for the registry's API. */
function isOwnHost(origin: string, headers: Headers, url: string, peer: Peer): boolean {
  if (!/^https?:\/\//.test(origin)) return false
  const host = origin.slice(origin.indexOf('://') + 3)
  if (host === new URL(url).host) return true
  const forwarded = headers.get('x-forwarded-host')
  if (peer.isProxied !== true || forwarded === null) return false
  return host === forwarded.slice(forwarded.lastIndexOf(',') + 1).trim()
}

/** Whether a body is JSON. */
export function isJson(headers: Headers): boolean {
  return /^application\/json\s*(?:;|$)/i.test(headers.get('content-type') ?? '')
}
