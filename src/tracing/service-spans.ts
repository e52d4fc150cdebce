import { type Attributes, context, type Tracer } from '@opentelemetry/api'
import type { CallContext } from '../ports/call-context.ts'
import type { RegistryService } from '../ports/registry-service.ts'
import { isInSpan, isRecorded, isUnrecorded, liveIn, parentOf, within } from './live.ts'
import { aroundMethods } from './methods.ts'
import { endWith } from './spans.ts'

type Method = (call: CallContext, ...words: unknown[]) => unknown

/**
 * The same service with a span for each call.
 *
 * @param sample the share of requests that are in a trace; of the others, calls are in none
 */
export function tracedService(
  tracer: Tracer,
  service: RegistryService,
  sample: number,
): RegistryService {
  return aroundMethods(service, (name, method) =>
    traced(tracer, `service.${name}`, method as Method, sample < 1),
  )
}

function traced(tracer: Tracer, name: string, method: Method, choosesRequests: boolean): Method {
  return (call, ...words) => {
    const active = context.active()
    if (isUnrecorded(active)) return method(call, ...words)
    // A request that has no trace was not chosen. A program's own call begins one.
    const isUntraced = choosesRequests && !call.isProgram && !call.trace && !isInSpan(active)
    if (isUntraced) return method(call, ...words)
    const parent = parentOf(call, active)
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
