import { RegistryError } from '../oci/registry-error.ts'
import type { Cors } from './cors.ts'

/** Encoded slashes, backslashes, dots and controls, which some parsers decode and others do not. */
const ambiguousEscape = /%(?:2f|5c|2e|[01][0-9a-f]|7f)/i

/**
 * Refuses ambiguous requests, and changes by pages of other sites, before anything else is done.
 *
 * @param isPlain whether the path is known to be unambiguous
 * @throws RegistryError `pathInvalid`, `encodingUnsupported`, `transferUnsupported`, `crossSite`.
 */
export function checkRequest(request: Request, cors: Cors | null, isPlain: boolean): void {
  if (!isPlain) checkPath(request.url)
  const { method } = request
  if (method === 'GET' || method === 'HEAD') return
  const { headers } = request
  const encoding = headers.get('content-encoding')
  if (encoding !== null && encoding.trim().toLowerCase() !== 'identity') {
    throw new RegistryError('encodingUnsupported')
  }
  // Runtimes undo the last coding alone: what is left of `gzip, chunked` would be stored as it came.
  const coding = headers.get('transfer-encoding')
  if (coding !== null && coding.trim().toLowerCase() !== 'chunked') {
    throw new RegistryError('transferUnsupported')
  }
  if (isFromOtherSite(request) && cors?.mayWrite(request) !== true) {
    throw new RegistryError('crossSite')
  }
}

/** Whether a page of another site sends a request. Over plain HTTP, browsers tell by `Origin` alone. */
function isFromOtherSite({ headers, method, url }: Request): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site === 'cross-site'
  const origin = headers.get('origin')
  if (origin === null || method === 'OPTIONS') return false
  // A proxy may have taken the TLS away, so the scheme says nothing.
  return origin.slice(origin.indexOf('://') + 3) !== new URL(url).host
}

/**
 * Refuses a path that one server reads in one way and another in another, such as a proxy with rules of its own.
 *
 * @throws RegistryError `pathInvalid`.
 */
export function checkPath(url: string): void {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const query = url.indexOf('?', start)
  const path = query === -1 ? url.slice(start) : url.slice(start, query)
  if (path.includes('//') || (path.includes('%') && ambiguousEscape.test(path))) {
    throw new RegistryError('pathInvalid')
  }
}
