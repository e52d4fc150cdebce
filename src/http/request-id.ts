const grammar = /^[A-Za-z0-9._-]{1,64}$/

/** Ids of this process: a start that no other has, and a count. */
const origin = crypto.randomUUID().slice(0, 8)
let count = 0

/**
 * The id a request goes by in logs: what the client or a proxy gave it in `X-Request-Id`, if that is
 * harmless to write down, or a fresh one.
 */
export function chooseRequestId(given: unknown): string {
  if (typeof given === 'string' && grammar.test(given)) return given
  return `${origin}-${(count++).toString(36)}`
}
