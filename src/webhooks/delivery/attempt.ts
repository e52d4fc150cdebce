import type { Endpoint } from '../endpoint.ts'
import { outgoingRequest } from '../outgoing-request.ts'
import type { WebhookEvent } from '../webhook-event.ts'
import { type Verdict, verdictOf } from './schedule.ts'
import { type Answer, DeliveryFailed, reasonOf, type Send } from './send.ts'
import type { StopSignal } from './stop-signal.ts'
import type { Timing } from './timing.ts'

/** What an attempt is made with. */
export interface AttemptDeps {
  readonly send: Send
  readonly timing: Timing
  /** The host that clients name. */
  readonly registry: string
  /** Ends the attempt. */
  readonly stop: StopSignal
}

/** Sends an event to an endpoint once. Ends after its timeout, whatever `send` does. Never rejects. */
export async function attempt(
  endpoint: Endpoint,
  event: WebhookEvent,
  { send, timing, registry, stop }: AttemptDeps,
): Promise<Verdict> {
  const controller = new AbortController()
  let endTimer = (): void => {}
  let unlisten = (): void => {}
  const ended = new Promise<never>((_, reject) => {
    const end = (message: string): void => {
      const error = new DeliveryFailed(message)
      reject(error)
      controller.abort(error)
    }
    unlisten = stop.listen(() => end('the server stops'))
    endTimer = timing.after(endpoint.timeoutMs, () => {
      end(`the receiver took longer than ${endpoint.timeoutMs} ms`)
    })
  })
  ended.catch(() => {})
  try {
    const request = await outgoingRequest(endpoint, event, { registry, now: timing.now() })
    const answer: Promise<Answer> = send(request, controller.signal)
    answer.catch(() => {})
    return verdictOf(await Promise.race([answer, ended]))
  } catch (error) {
    return { kind: 'failed', error: reasonOf(error), retryAfterMs: null }
  } finally {
    endTimer()
    unlisten()
    // Ends a request that is still under way.
    controller.abort()
  }
}
