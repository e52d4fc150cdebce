import { errorRows } from '../index.ts'

/**
 * Something that goes wrong with one request. `proceed` is the registry's true answer: not to ask
 * for it is to refuse the request, and to await something before it is to be slow.
 */
export type Fault = (request: Request, proceed: () => Promise<Response>) => Promise<Response>

/** The faults that clients meet most, ready made; any function of that form is one as well. */
export const faults: Faults = {
  refuse:
    (status, options = {}) =>
    async () =>
      refusal(status, options),
  slow: (ms) => async (_request, proceed) => {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return proceed()
  },
  cut: (bytes) => async (_request, proceed) => {
    const { body, ...answer } = parts(await proceed())
    return new Response(body === null ? null : cutOff(body, bytes), answer)
  },
  corrupt: () => async (_request, proceed) => {
    const { body, ...answer } = parts(await proceed())
    return new Response(body === null ? null : body.pipeThrough(flipping()), answer)
  },
  wrongDigest: () => async (_request, proceed) => {
    const { body, ...answer } = parts(await proceed())
    const digest = answer.headers.get('docker-content-digest')
    if (digest !== null) answer.headers.set('docker-content-digest', another(digest))
    return new Response(body, answer)
  },
  loseLocation: () => async (_request, proceed) => {
    const { body, ...answer } = parts(await proceed())
    answer.headers.delete('location')
    return new Response(body, answer)
  },
}

/** The makers of {@link faults}. */
export interface Faults {
  /**
   * The request is refused, and the registry never hears of it.
   *
   * @param status such as 429, 500 or 503
   */
  refuse(
    status: number,
    options?: {
      /** Seconds until the client may try again. */
      readonly retryAfter?: number
      /** Default: what the registry itself says with that status. */
      readonly code?: string
    },
  ): Fault
  /** The request is handled after `ms` milliseconds. */
  slow(ms: number): Fault
  /** The body of the answer breaks off after `bytes` bytes, though its head promises all. */
  cut(bytes: number): Fault
  /** The first byte of the body of the answer is another than it should be. */
  corrupt(): Fault
  /** `Docker-Content-Digest` is not that of the content. */
  wrongDigest(): Fault
  /** The answer has no `Location`. */
  loseLocation(): Fault
}

function refusal(
  status: number,
  { retryAfter, code }: { readonly retryAfter?: number; readonly code?: string },
): Response {
  const row = Object.values(errorRows).find((row) => row.status === status)
  const message = row?.message ?? 'the test wants it so'
  const headers: Record<string, string> = { 'Content-Type': 'application/json' }
  if (retryAfter !== undefined) headers['Retry-After'] = String(retryAfter)
  const body = JSON.stringify({ errors: [{ code: code ?? row?.code ?? 'UNKNOWN', message }] })
  return new Response(body, { status, headers })
}

function parts({ status, headers, body }: Response): {
  status: number
  headers: Headers
  body: ReadableStream<Uint8Array> | null
} {
  return { status, headers: new Headers(headers), body }
}

/** The real one, even where a test has put its own in place by the time a body breaks. */
const { setTimeout: afterwards } = globalThis

/**
 * Breaks off only when more is asked for, since an error overtakes what is queued before it; and a
 * moment later, since servers look ahead and would send another answer instead.
 */
function cutOff(body: ReadableStream<Uint8Array>, bytes: number): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let left = bytes
  let over = false
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = over ? null : await reader.read()
        if (next?.done === true) return controller.close()
        if (next === null || left === 0) {
          await reader.cancel()
          await new Promise((resolve) => afterwards(resolve, 10))
          throw new TypeError('terminated')
        }
        const passed = next.value.subarray(0, left)
        over = passed.byteLength < next.value.byteLength
        left -= passed.byteLength
        controller.enqueue(passed)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

function flipping(): TransformStream<Uint8Array, Uint8Array> {
  let flipped = false
  return new TransformStream({
    transform(chunk, controller) {
      // A copy: the store's own bytes may stand behind the chunk.
      const bytes = chunk.slice()
      if (!flipped && bytes.byteLength > 0) {
        bytes[0] = (bytes[0] ?? 0) ^ 0xff
        flipped = true
      }
      controller.enqueue(bytes)
    },
  })
}

/** A well-formed digest that differs in its last digit. */
function another(digest: string): string {
  return digest.slice(0, -1) + (digest.endsWith('0') ? '1' : '0')
}
