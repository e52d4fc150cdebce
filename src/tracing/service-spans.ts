import { type Attributes, context, type Tracer } from '@opentelemetry/api'
import type { CallContext } from '../ports/call-context.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import { isRecorded, liveIn, parentOf, within } from './live.ts'
import { aroundMethods } from './methods.ts'
import { endWith } from './spans.ts'

type Method = (call: CallContext, ...words: unknown[]) => unknown

/** The same service with a span for each call. */
export function tracedService(tracer: Tracer, service: RegistryService): RegistryService {
  return aroundMethods(service, (name, method) =>
    traced(tracer, `service.${name}`, method as Method),
  )
}

function traced(tracer: Tracer, name: string, method: Method): Method {
  return (call, ...words) => {
    const parent = parentOf(call)
    if (!isRecorded(parent)) return method(call, ...words)
    const [first] = words
    const attributes: Attributes =
      typeof first === 'string' ? { 'layerdock.repository': first } : {}
    const span = tracer.startSpan(name, { attributes }, parent)
    const outer = liveIn(parent)
    const live = outer ?? { ended: false }
    const ended = (): void => {
      if (outer === null) live.ended = true
    }
    const inner = within(parent, span, live)
    return endWith(span, () => context.with(inner, method, undefined, call, ...words), ended)
  }
}
