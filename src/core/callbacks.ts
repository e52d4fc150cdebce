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

/** Where events go: to the program's callback, and to those who subscribed meanwhile. */
export interface EventHub {
  /** Tells all of them of a change. Never throws. */
  readonly emit: Emit
  /** Adds one who is told of events from now on; what is returned ends that. */
  readonly subscribe: (sink: EventSink) => () => void
}

/** Tells of changes; what a sink throws, or rejects with later, is a notice. */
export function eventHub(
  onEvent: EventSink | undefined,
  onNotice: NoticeSink,
  clock: () => number,
): EventHub {
  type Subscriber = { readonly sink: EventSink; readonly failed: (error: unknown) => void }
  const subscriber = (callback: string, sink: EventSink): Subscriber => ({
    sink,
    failed: (error) => onNotice({ kind: 'callback-failure', callback, error }),
  })
  // Replaced and never changed, so that a sink may end its subscription while it is told.
  let subscribers: readonly Subscriber[] =
    onEvent === undefined ? [] : [subscriber('onEvent', onEvent)]
  return {
    emit({ principal, requestId, peer, inspects, trace }: CallContext, facts) {
      if (subscribers.length === 0) return
      if (inspects === true && facts.kind.endsWith('-pulled')) return
      const time = clock()
      for (const { sink, failed } of subscribers) {
        // An adapter's peer answers by getters, which JSON leaves out. A sink may do with its event what it likes.
        const from = { address: peer.address, secure: peer.secure }
        const own = 'tags' in facts && Array.isArray(facts.tags) ? { tags: [...facts.tags] } : {}
        const origin = { time, principal, requestId, peer: from }
        const traced = trace == null ? {} : { trace }
        const event = { ...origin, ...traced, ...facts, ...own } as RegistryEvent
        callSafely(() => sink(event), failed)
      }
    },
    subscribe(sink) {
      const added = subscriber('subscribe', sink)
      subscribers = [...subscribers, added]
      return () => {
        subscribers = subscribers.filter((one) => one !== added)
      }
    },
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
