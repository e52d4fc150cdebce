/** distribution's names of its handlers, and ours, by the label of the route. */
const byRoute: ReadonlyMap<string, string> = new Map([
  ['/v2', 'base'],
  ['/v2/_catalog', 'catalog'],
  ['/v2/_layerdock/repositories/<name>', 'repository'],
  ['/v2/_layerdock/token', 'token'],
  ['/v2/<name>/blobs/uploads', 'blob_upload'],
  ['/v2/<name>/blobs/uploads/<id>', 'blob_upload_chunk'],
  ['/v2/<name>/blobs/<digest>', 'blob'],
  ['/v2/<name>/manifests/<reference>', 'manifest'],
  ['/v2/<name>/tags/list', 'tags'],
  ['/v2/<name>/referrers/<digest>', 'referrers'],
  ['/', 'page'],
  ['/live', 'health'],
  ['/ready', 'health'],
  ['/healthz', 'health'],
  ['/metrics', 'metrics'],
])

/** Where requests go that match no route, and those that never reach one. */
const none = 'other'

/** The handler that a route counts as. @param route as in `RequestReport.route` */
export function handlerOf(route: string | null): string {
  if (route === null) return none
  return byRoute.get(route) ?? (route.startsWith('/_layerdock') ? 'page' : none)
}

/** Every handler there is. */
export const handlers: readonly string[] = [...new Set([...byRoute.values(), none])]

const methods: ReadonlyMap<string, string> = new Map(
  ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'].map((name) => [
    name,
    name.toLowerCase(),
  ]),
)

/** A method as distribution writes it: in small letters, and `unknown` for one that HTTP does not have. */
export function methodOf(method: string): string {
  return methods.get(method) ?? 'unknown'
}
