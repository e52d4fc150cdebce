/** The request itself carries it. */
const key: unique symbol = Symbol('id')

type Numbered = Request & { [key]?: string }

const grammar = /^[A-Za-z0-9._-]{1,64}$/

/**
 * Ids of this process: a start that no other has, and a count. The start is made with the first id:
 * Cloudflare's runtime makes nothing random outside of a request.
 */
let origin = ''
let count = 0

/**
 * The id a request goes by in logs: what the client or a proxy gave it in `X-Request-Id`, if that is
 * harmless to write down, or a fresh one.
 */
export function chooseRequestId(given: unknown): string {
  if (typeof given === 'string' && grammar.test(given)) return given
  if (origin === '') origin = crypto.randomUUID().slice(0, 8)
  return `${origin}-${(count++).toString(36)}`
}

/** Lets an adapter that numbers its requests say so, so that its log and the registry's agree. */
export function setRequestId(request: Request, id: string): void {
  const numbered: Numbered = request
  numbered[key] = id
}

/** The id of a request: the adapter's, or one that is made when it is first asked for. */
export function requestIdOf(request: Request): string {
  const numbered: Numbered = request
  numbered[key] ??= chooseRequestId(request.headers.get('x-request-id'))
  return numbered[key]
}
