import { BodyInterrupted } from '../oci/body-interrupted.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { ByteSink, ByteSource } from '../ports/byte-source.ts'
import { type Exchange, exchangeOf } from './exchange.ts'

/** The request itself carries it. */
const key: unique symbol = Symbol('body')

type Carrier = Request & { [key]?: ByteSource }

/**
 * Lets an adapter carry a request's body its own, faster way. Only this very Request
 * carries it: where a middleware wraps it in another, the body is read from the stream instead.
 */
export function setNativeBody(request: Request, source: ByteSource): void {
  const carrier: Carrier = request
  carrier[key] = source
}

/**
 * The body of a request: the adapter's, or the stream; null where there is none.
 *
 * @throws RegistryError `bodyConsumed` when somebody read it before.
 */
export function bodySource(request: Request): ByteSource | null {
  const carrier: Carrier = request
  const source = carrier[key] ?? streamOf(request)
  const exchange = exchangeOf(request)
  return source === null || exchange === null ? source : countedSource(source, exchange)
}

function streamOf(request: Request): ByteSource | null {
  if (request.bodyUsed) throw new RegistryError('bodyConsumed')
  return request.body === null ? null : streamSource(request.body)
}

/** A {@link ByteSource} over a web stream. */
export function streamSource(stream: ReadableStream<Uint8Array>): ByteSource {
  let aborted = false
  let reader: ReadableStreamDefaultReader<Uint8Array> | null = null
  return {
    async pipe(sink: ByteSink): Promise<void> {
      reader = stream.getReader()
      try {
        while (!aborted) {
          const next = await reader.read().catch((error: unknown) => {
            throw new BodyInterrupted('the body ended early', { cause: error })
          })
          if (aborted) break
          if (next.done) return
          const busy = sink(next.value)
          if (busy !== undefined) await busy
        }
        throw new BodyInterrupted('reading the body was called off')
      } catch (error) {
        // Not waited for: half of a stream that a middleware has cloned never ends its cancelling.
        void reader.cancel(error).catch(() => {})
        throw error
      }
    },
    abort(): void {
      aborted = true
      reader?.cancel().catch(() => {})
    },
  }
}

/** The same body, its bytes counted as they come. */
function countedSource(source: ByteSource, exchange: Exchange): ByteSource {
  return {
    pipe: (sink) =>
      source.pipe((chunk) => {
        exchange.bytesIn += chunk.byteLength
        return sink(chunk)
      }),
    abort: () => source.abort(),
  }
}
