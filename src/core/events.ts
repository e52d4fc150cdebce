import { callSafely } from '../oci/call-safely.ts'
import type { CallContext } from '../ports/call-context.ts'
import type { EventSink, RegistryEvent } from '../ports/events.ts'
import type { OutboxMessage } from '../ports/metadata-store.ts'
import type { NoticeSink } from '../ports/notices.ts'
import type { ChangeTelling, Emit, EventFacts, TellChange } from './deps.ts'

/** Where events go: to the outbox, to the program's callback, and to those who subscribed meanwhile. */
export interface EventHub {
  /** Tells those who listen of something that is so. Never throws. */
  readonly emit: Emit
  /** Tells of a change. */
  readonly tell: TellChange
  /** Adds one who is told of events from now on; what is returned ends that. */
  readonly subscribe: (sink: EventSink) => () => void
}

/** What a hub tells, and by which clock. */
export interface EventHubOptions {
  readonly onEvent: EventSink | undefined
  readonly outbox: ((event: RegistryEvent) => readonly OutboxMessage[]) | undefined
  readonly onNotice: NoticeSink
  readonly clock: () => number
}

const silent: { readonly tell?: never } = {}

/** Tells of changes; what a sink throws, or rejects with later, is a notice. */
export function eventHub({ onEvent, outbox, onNotice, clock }: EventHubOptions): EventHub {
  type Subscriber = { readonly sink: EventSink; readonly failed: (error: unknown) => void }
  const failing =
    (callback: string) =>
    (error: unknown): void =>
      onNotice({ kind: 'callback-failure', callback, error })
  // Replaced and never changed, so that a sink may end its subscription while it is told.
  let subscribers: readonly Subscriber[] =
    onEvent === undefined ? [] : [{ sink: onEvent, failed: failing('onEvent') }]

  const publish = (call: CallContext, facts: EventFacts, time: number): void => {
    for (const { sink, failed } of subscribers) {
      callSafely(() => sink(eventOf(call, facts, time)), failed)
    }
  }

  function messagesOf(event: RegistryEvent): readonly OutboxMessage[] {
    try {
      return outbox?.(event) ?? []
    } catch (error) {
      failing('outbox')(error)
      return []
    }
  }

  function telling<Outcome>(
    call: CallContext,
    factsOf: (outcome: Outcome) => readonly EventFacts[],
  ): ChangeTelling<Outcome> {
    // Listeners hear of the moment that the messages have.
    let toldAt: number | null = null
    const tell = (outcome: Outcome): readonly OutboxMessage[] => {
      const time = clock()
      toldAt = time
      return factsOf(outcome).flatMap((facts) => messagesOf(eventOf(call, facts, time)))
    }
    return {
      options: outbox === undefined ? silent : { tell },
      done(outcome) {
        if (subscribers.length === 0) return
        for (const facts of factsOf(outcome)) publish(call, facts, toldAt ?? clock())
      },
    }
  }

  return {
    emit(call, facts) {
      if (subscribers.length === 0) return
      if (call.inspects === true && facts.kind.endsWith('-pulled')) return
      publish(call, facts, clock())
    },
    tell: telling,
    subscribe(sink) {
      const added = { sink, failed: failing('subscribe') }
      subscribers = [...subscribers, added]
      return () => {
        subscribers = subscribers.filter((one) => one !== added)
      }
    },
  }
}

/** An event, made for each listener: a sink may do with it what it likes. */
function eventOf(
  { principal, requestId, peer, trace }: CallContext,
  facts: EventFacts,
  time: number,
): RegistryEvent {
  // An adapter's peer answers by getters, which JSON leaves out.
  const from = { address: peer.address, secure: peer.secure }
  const own = 'tags' in facts && Array.isArray(facts.tags) ? { tags: [...facts.tags] } : {}
  const traced = trace == null ? {} : { trace }
  return { time, principal, requestId, peer: from, ...traced, ...facts, ...own } as RegistryEvent
}
