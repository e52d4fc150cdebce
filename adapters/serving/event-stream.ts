/**
 * Whether an answer waits for what happens (server-sent events). So it is no fault of its client where nothing moves,
 * and a client that has closed its side has gone: none sends a request and then waits for events in that way.
 */
export function isEventStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') === true
}
