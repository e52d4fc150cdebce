import type { IncomingMessage } from 'node:http'
import { RegistryError } from '../../src/index.ts'
import type { BodyInterrupted, ByteSink, ByteSource } from '../../src/kit.ts'
import { allowFreeing } from '../disk/spent-chunks.ts'
import { calledOff, endedEarly } from '../serving/unread-body.ts'
import { http2StreamOf } from './http2.ts'

/** The body of a request that has none: nothing to wait for, nothing to listen to. */
export const emptyBody: ByteSource = {
  async pipe(): Promise<void> {},
  abort(): void {},
}

/**
 * Whether a request has a body, or may have one: HTTP/1 says so in its head (RFC 9112, section 6),
 * HTTP/2 by ending the stream with the head or later.
 */
export function mayHaveBody(incoming: IncomingMessage): boolean {
  const stream = http2StreamOf(incoming)
  if (stream !== null) return !stream.endAfterHeaders
  const { headers } = incoming
  const length = headers['content-length']
  if (length !== undefined) return length !== '0'
  return headers['transfer-encoding'] !== undefined
}

/**
 * The body of a Node request as it arrives, from its `data` events: a fifth faster than the web
 * stream of the same request.
 *
 * Its `pipe` throws RegistryError `bodyConsumed` when something read the body before the registry:
 * a body parser, as a rule.
 *
 * @param free whether its chunks may be freed by whoever has used them up
 */
export function incomingBody(incoming: IncomingMessage, free: boolean = false): ByteSource {
  let interrupt: ((error: BodyInterrupted) => void) | null = null
  let aborted = false
  return {
    pipe(sink: ByteSink): Promise<void> {
      if (aborted) return Promise.reject(calledOff())
      if (incoming.readableDidRead) return Promise.reject(new RegistryError('bodyConsumed'))
      return new Promise<void>((resolve, reject) => {
        /** The sink's own promise, while it asks us to wait. */
        let pending: Promise<void> | null = null
        let settled = false

        const settle = (finish: () => void): void => {
          if (settled) return
          settled = true
          interrupt = null
          incoming.off('data', take)
          incoming.off('end', end)
          incoming.off('error', fail)
          incoming.off('close', vanish)
          finish()
        }
        const break_ = (error: unknown): void => {
          // What is still on its way stays unread: whoever answers decides what becomes of it.
          incoming.pause()
          settle(() => reject(error))
        }
        // A sink at work still holds what it was given, so its caller hears of the end after it.
        const afterSink = (then: () => void): void => {
          if (pending === null) then()
          else pending.then(then, break_)
        }

        const take = (chunk: Uint8Array): void => {
          if (free) allowFreeing(chunk)
          try {
            const busy = sink(chunk)
            if (busy === undefined) return
            incoming.pause()
            pending = busy
            busy.then(() => {
              pending = null
              if (!settled) incoming.resume()
            }, break_)
          } catch (error) {
            break_(error)
          }
        }
        // HTTP/2 ends a body that was broken off as well.
        const end = (): void => (incoming.aborted ? vanish() : afterSink(() => settle(resolve)))
        const fail = (cause: unknown): void => afterSink(() => break_(endedEarly(cause)))
        const vanish = (): void => fail(incoming.errored ?? undefined)

        interrupt = (error) => afterSink(() => break_(error))
        incoming.on('data', take)
        incoming.on('end', end)
        incoming.on('error', fail)
        incoming.on('close', vanish)
        // Gone before anybody listened: no event will come.
        if (incoming.destroyed) vanish()
      })
    },
    abort(): void {
      aborted = true
      interrupt?.(calledOff())
    },
  }
}
