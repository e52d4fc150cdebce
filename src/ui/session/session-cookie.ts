import type { AccessRequest } from '../../ports/access.ts'

/** The cookie of a session: its name and attributes, for one place where the page is served. */
export interface SessionCookie {
  /** The value in a request; null where there is none, or several. */
  read(headers: Headers): string | null
  /** `Set-Cookie` with a sealed session. @param seconds how long the browser keeps it */
  set(value: string, seconds: number): string
  /** `Set-Cookie` that has the browser forget it. */
  clear(): string
}

/** Browsers drop a cookie of more than 4,096 bytes, name included, without a word. */
const mostCharacters = 4000

/** Where a page is served, as far as its cookie depends on it. */
export interface CookiePlace {
  /** Whether the browser speaks TLS. */
  readonly secure: boolean
  /** Browsers send cookies to every port of a host, so two registries of one host need two names. */
  readonly port: string
  /** What stands before the page in public paths; empty for nothing. */
  readonly prefix: string
}

/**
 * The session cookie of a place. No script reads it (`HttpOnly`), no form or script of another site sends it
 * (`SameSite=Lax`), and over TLS no other host can set it (`__Host-`, or `__Secure-` below a prefix, which
 * `__Host-` has no path for).
 */
export function sessionCookie({ secure, port, prefix }: CookiePlace): SessionCookie {
  const kind = secure ? (prefix === '' ? '__Host-' : '__Secure-') : ''
  const name = `${kind}layerdock${port === '' ? '' : `-${port}`}`
  const attributes = `Path=${prefix === '' ? '/' : prefix}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  return {
    read: (headers) => cookieValue(headers.get('cookie'), name),
    set: (value, seconds) => `${name}=${value}; Max-Age=${seconds}; ${attributes}`,
    clear: () => `${name}=; Max-Age=0; ${attributes}`,
  }
}

/** The session cookie for the place that a request was sent to. */
export function cookieOf(
  { url, peer }: Pick<AccessRequest, 'url' | 'peer'>,
  prefix: string,
): SessionCookie {
  const { protocol, port } = new URL(url)
  return sessionCookie({ secure: peer.secure ?? protocol === 'https:', port, prefix })
}

/** Whether a sealed session is short enough for browsers to keep. */
export function fitsCookie(value: string): boolean {
  return value.length <= mostCharacters
}

/** Two values of one name: the second may be one that another host or path has planted, so neither counts. */
function cookieValue(header: string | null, name: string): string | null {
  if (header === null) return null
  let found: string | null = null
  for (const part of header.split(';')) {
    const at = part.indexOf('=')
    if (at === -1 || part.slice(0, at).trim() !== name) continue
    if (found !== null) return null
    found = part.slice(at + 1).trim()
  }
  return found !== null && /^[A-Za-z0-9_-]{1,4000}$/.test(found) ? found : null
}
