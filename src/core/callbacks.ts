import { callSafely } from '../oci/call-safely.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { EventSink, RegistryEvent } from '../ports/events.ts'
import type { NoticeSink } from '../ports/notices.ts'
import type { RequestObserver } from '../ports/observer.ts'
import type { Emit } from './deps.ts'

/** A sink that never throws, whatever the program's own does. */
export function safeNotices(sink: NoticeSink | undefined): NoticeSink {
  if (sink === undefined) return () => {}
  // The sink itself failed, so there is no way to report it.
  return (notice) =>
    callSafely(
      () => sink(notice),
      () => {},
    )
}

/** Tells the program of changes; what its callback throws, or rejects with later, is a notice. */
export function emitter(
  onEvent: EventSink | undefined,
  onNotice: NoticeSink,
  clock: () => number,
): Emit | null {
  if (onEvent === undefined) return null
  const failed = (error: unknown): void =>
    onNotice({ kind: 'callback-failure', callback: 'onEvent', error })
  return ({ principal, requestId, peer, inspects }: CallContext, facts) => {
    if (inspects === true && facts.kind.endsWith('-pulled')) return
    // An adapter's peer answers by getters, which JSON leaves out.
    const from = { address: peer.address, secure: peer.secure }
    const event = { time: clock(), principal, requestId, peer: from, ...facts } as RegistryEvent
    callSafely(() => onEvent(event), failed)
  }
}

/** An observer that never throws; null where there is none. */
export function safeObserver(
  observe: RequestObserver | undefined,
  onNotice: NoticeSink,
): RequestObserver | null {
  if (observe === undefined) return null
  const failed = (error: unknown): void =>
    onNotice({ kind: 'callback-failure', callback: 'observe', error })
  return (report) => callSafely(() => observe(report), failed)
}
