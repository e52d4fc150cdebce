/** What answers requests: a registry, or something around one. */
export interface Fetcher<Context extends object = object> {
  /** Whether it has a `RequestObserver` of its own, which wants to know how answers end. */
  readonly observed?: boolean
  /** @param context what the runtime knows of the request beside it; Bun hands over nothing */
  fetch(request: Request, context?: Context): Response | Promise<Response>
}
