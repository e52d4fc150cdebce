import { type Span, SpanStatusCode } from '@opentelemetry/api'
import { RegistryError } from '../oci/registry-error.ts'

/** Ends a span with what came of it. Returns what the work returned. */
export function endWith<T>(span: Span, work: () => T, ended: () => void = () => {}): T {
  try {
    const result = work()
    if (!isPromise(result)) {
      end(span, ended)
      return result
    }
    return result.then(
      (value) => {
        end(span, ended)
        return value
      },
      (error: unknown) => {
        fail(span, error)
        end(span, ended)
        throw error
      },
    ) as T
  } catch (error) {
    fail(span, error)
    end(span, ended)
    throw error
  }
}

function end(span: Span, ended: () => void): void {
  span.end()
  ended()
}

/**
 * Says what failed by its name alone: a message may repeat what a client, a database or a bucket said. What a client
 * did wrong is no error of ours.
 */
function fail(span: Span, error: unknown): void {
  span.setAttribute('error.type', nameOf(error))
  if (error instanceof RegistryError && error.status < 500) return
  span.setStatus({ code: SpanStatusCode.ERROR })
}

function nameOf(error: unknown): string {
  if (error instanceof RegistryError) return error.kind
  if (!(error instanceof Error)) return 'unknown'
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : error.name
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise
}
