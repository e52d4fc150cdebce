import { ownerOf } from '../../oci/owner.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RepositoryName } from '../../oci/repository-name.ts'
import type { EventSink } from '../../ports/events.ts'
import { atOnce } from '../facts/at-once.ts'
import type { FindViewer, Viewer } from '../viewer.ts'
import { connectionCount } from './connection-count.ts'
import { type EventStream, eventBytes, eventStream, greeting, heartbeat } from './event-stream.ts'
import { type OtherNodesDeps, otherNodes } from './other-nodes.ts'
import { type PageEvent, pageEvent } from './page-event.ts'

/** What open views are told of changes by. */
export interface LiveDeps {
  /** Events of this process. */
  readonly subscribe: (sink: EventSink) => () => void
  readonly findViewer: FindViewer
  /** Calls `stop` when a session ends before its time. */
  readonly whenEnded: (id: string, stop: () => void) => () => void
  /** Null where no other node shares the registry. */
  readonly look: Omit<OtherNodesDeps, 'onChange'> | null
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

/** One view that is open. */
export interface OpenView {
  readonly request: Request
  readonly context: object | undefined
  readonly viewer: Viewer
  /** What it shows; null for all that its viewer may read. */
  readonly repository: RepositoryName | null
  /** Repositories of which it is also to hear what other nodes change. */
  readonly watched: readonly RepositoryName[]
}

/** Tells open views of changes. */
export interface LiveViews {
  /** @throws RegistryError `tooManyRequests`; `unavailable` once it is closed. */
  open(view: OpenView): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>
  /** Ends all streams, and takes no more. */
  close(): void
}

/** The same, once its code is loaded. */
export interface OpenLiveViews extends Pick<LiveViews, 'close'> {
  /** @throws RegistryError `tooManyRequests`. */
  open(view: OpenView): ReadableStream<Uint8Array<ArrayBuffer>>
}

/** Streams at once, of all and of one caller. A browser has six connections to a host over HTTP/1.1. */
const [most, mostOfOne] = [1_000, 32]
/** Between two signs of life, in milliseconds. `Bun.serve` cuts a connection that is idle for ten seconds. */
const beatMs = 5_000
/** After how many of them it is asked again who looks. */
const beatsToAsk = 6
/**
 * How many are asked for at once: each may be a password to check, and those of an office with one address are not to
 * keep its logins waiting.
 */
const askedAtOnce = 4
/** How long an answer to that may take, in milliseconds; a stream without one ends. */
const longestAskMs = 15_000
/** How long a stream lasts, in milliseconds. Its browser then connects again. */
const longestMs = 60 * 60 * 1000
/** Events that wait for an access that takes its time; a view with more is dropped. */
const mostAsked = 100

interface OpenStream extends OpenView {
  viewer: Viewer
  readonly stream: EventStream
  readonly until: number
  /** Events whose permission is being asked for. */
  asking: number
}

/**
 * Makes what tells open views of changes. Each event is told to those alone who may read its repository at that
 * moment; who looks is asked again twice a minute, so that a user who was removed hears no more.
 */
export function liveViews(deps: LiveDeps): OpenLiveViews {
  const { findViewer, whenEnded, look, clock } = deps
  const streams: Set<OpenStream> = new Set()
  const count = connectionCount(most, mostOfOne)
  let unsubscribe: (() => void) | null = null
  let timer: ReturnType<typeof setInterval> | null = null
  let beats = 0
  let isAskingAgain = false
  const onChange = (repository: RepositoryName): void => tell({ kind: 'changed', repository })
  const nodes = look === null ? null : otherNodes({ ...look, onChange })

  function tell(event: PageEvent): void {
    const bytes = eventBytes('changed', event)
    for (const one of streams) {
      if (one.repository === null || one.repository === event.repository) offer(one, event, bytes)
    }
  }

  /** Sends an event to a view that may see it. */
  function offer(one: OpenStream, { repository }: PageEvent, bytes: Uint8Array<ArrayBuffer>): void {
    if (one.asking >= mostAsked) {
      one.stream.close()
      return
    }
    one.asking++
    one.viewer.mayRead([repository]).then(
      ([isAllowed]) => {
        one.asking--
        if (isAllowed === true) one.stream.send(bytes)
      },
      () => one.stream.close(),
    )
  }

  function beat(): void {
    const now = clock()
    beats++
    for (const one of streams) {
      if (now >= one.until) one.stream.close()
      else one.stream.send(heartbeat)
    }
    if (beats % beatsToAsk === 0) void askAllAgain()
  }

  async function askAllAgain(): Promise<void> {
    if (isAskingAgain) return
    isAskingAgain = true
    await atOnce([...streams], askedAtOnce, async (one) => {
      if (streams.has(one)) await askAgain(one)
    })
    isAskingAgain = false
  }

  async function askAgain(one: OpenStream): Promise<void> {
    let timeout: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timeout = setTimeout(() => reject(new Error('nobody says who looks')), longestAskMs)
    })
    try {
      const found = await Promise.race([findViewer(one.request, one.context), late])
      if (found.principal?.id === one.viewer.principal?.id) one.viewer = found
      else one.stream.close()
    } catch {
      one.stream.close()
    } finally {
      clearTimeout(timeout)
    }
  }

  function begin(): void {
    unsubscribe ??= deps.subscribe((event) => {
      const told = pageEvent(event)
      if (told === null) return
      nodes?.noteOwn(told.repository)
      tell(told)
    })
    timer ??= setInterval(beat, beatMs)
  }

  /** Where nobody looks, nothing costs anything. */
  function rest(): void {
    if (timer !== null) clearInterval(timer)
    timer = null
    unsubscribe?.()
    unsubscribe = null
  }

  return {
    open(view) {
      const { viewer } = view
      const giveBack = count.take(ownerOf(viewer.principal?.id ?? null, viewer.call.peer.address))
      if (giveBack === null) {
        throw new RegistryError('tooManyRequests', { headers: { 'Retry-After': '30' } })
      }
      let forget = (): void => {}
      const unwatch = nodes?.watch(view.watched)
      const stream = eventStream(() => {
        streams.delete(one)
        giveBack()
        forget()
        unwatch?.()
        if (streams.size === 0) rest()
      })
      const latest = clock() + longestMs
      const until = Math.min(viewer.session?.expiresAt ?? latest, latest)
      const one: OpenStream = { ...view, stream, until, asking: 0 }
      streams.add(one)
      if (viewer.session !== null) forget = whenEnded(viewer.session.id, stream.close)
      view.request.signal.addEventListener('abort', stream.close, { once: true })
      begin()
      stream.send(greeting)
      return stream.body
    },

    close() {
      for (const { stream } of [...streams]) stream.close()
      nodes?.close()
      rest()
    },
  }
}
