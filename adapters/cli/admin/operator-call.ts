import { type CallContext, callContext } from '../../../src/index.ts'

/** The call of an operator: events of what it changes have a request id that begins with the operation. */
export function operatorCall(operation: string): CallContext {
  return callContext({ requestId: `${operation}-${crypto.randomUUID().slice(0, 8)}` })
}
