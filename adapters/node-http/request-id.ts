import type { IncomingMessage } from 'node:http'
import { chooseRequestId } from '../../src/kit.ts'

/** The id a request goes by in logs. Asked twice, it is the same. */
export function requestIdOf(incoming: IncomingMessage): string {
  const { headers } = incoming
  const given = headers['x-request-id']
  const id = chooseRequestId(given)
  if (id !== given) headers['x-request-id'] = id
  return id
}
