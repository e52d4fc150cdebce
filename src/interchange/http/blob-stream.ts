import { RegistryError } from '../../oci/registry-error.ts'
import { inTime } from './in-time.ts'

/** How often it is asked for again without a byte in between. */
const mostFailures = 4

/**
 * The bytes of a blob, asked for again from where they ended too early.
 *
 * @param first the answer that has them all
 * @param rest asks for those from an offset on; null where the server does not give parts
 */
export function resumedStream(
  first: ReadableStream<Uint8Array>,
  size: number,
  rest: (offset: number) => Promise<ReadableStream<Uint8Array> | null>,
): ReadableStream<Uint8Array> {
  let reader = first.getReader()
  let at = 0
  let failures = 0

  async function next(): Promise<Uint8Array | null> {
    for (;;) {
      let problem: unknown
      try {
        const { done, value } = await inTime(reader.read())
        if (!done) {
          failures = 0
          return value
        }
        if (at >= size) return null
        problem = new Error(`${at} of ${size} bytes came`)
      } catch (error) {
        problem = error
      }
      await reader.cancel().catch(() => {})
      failures += 1
      const stream = failures > mostFailures ? null : await rest(at)
      if (stream === null) throw new RegistryError('unavailable', { cause: problem })
      reader = stream.getReader()
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await next()
        if (chunk === null) {
          controller.close()
          return
        }
        at += chunk.byteLength
        controller.enqueue(chunk)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
