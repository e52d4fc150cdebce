/**
 * Whether an answer waits for what happens (server-sent events). So it is no fault of its client where nothing moves,
 * and a client that has closed its side has gone: none sends a request and then waits for events in that way.
 *
 * The registry's own API streams none, so headers of its answers are not looked at: to read them costs more than to
 * make the answer on Node, and a fifth of that on Bun.
 *
 * @param target of the request: a path or a URL, with its query
 */
export function isEventStream(target: string, response: Response): boolean {
  if (isOfApi(target)) return false
  return response.headers.get('content-type')?.startsWith('text/event-stream') === true
}

/** Whether `/v2/` is in the path: not in the query, nor a host. */
function isOfApi(target: string): boolean {
  const path = target.startsWith('/') ? 0 : target.indexOf('://') + 3
  const api = target.indexOf('/v2/', path)
  if (api === -1) return false
  const query = target.indexOf('?', path)
  return query === -1 || api < query
}
