import { knownQuery } from '../known-parameters.ts'

/**
 * Where to go after a login: a path of the page's own, or its start. Anything that a browser could take for another
 * host, such as `//evil.example`, `/\evil.example` or a whole address, becomes the start.
 *
 * @param given what a form or an address says
 * @param prefix what all paths of the page begin with; empty for nothing
 */
export function nextPath(given: string | null, prefix: string): string {
  const own = `${prefix}/_layerdock/`
  // No backslashes, which browsers take for slashes, and nothing that is not plain ASCII.
  if (given === null || given.length > 2048 || !/^\/[\x21-\x5b\x5d-\x7e]*$/.test(given)) return own
  if (given.startsWith('//')) return own
  // Dots lead out of what the path begins with.
  const { pathname, search } = new URL(given, 'http://host.invalid')
  if (pathname.startsWith('//')) return own
  const isOwn = pathname === `${prefix}/` || pathname.startsWith(own)
  // To be sent back to the login, or to what answers a POST alone, helps nobody.
  const isView = !/\/_layerdock\/(?:login|logout|restore|events)$/.test(pathname)
  return isOwn && isView ? `${pathname}${knownQuery(search)}` : own
}
