import type { NoticeSink } from '../../ports/notices.ts'
import type { Outbox, OutboxEntry } from '../../ports/outbox.ts'
import { formats } from '../formats/formats.ts'
import { parseWebhookEvent } from '../webhook-event.ts'
import { attempt } from './attempt.ts'
import type { Receiver } from './receiver.ts'
import { isGivenUp, patience, pauseAfter } from './schedule.ts'
import type { Send } from './send.ts'
import type { StopSignal } from './stop-signal.ts'
import type { Timing } from './timing.ts'

/** What a message is delivered with. */
export interface EntryDeps {
  readonly outbox: Outbox
  readonly send: Send
  readonly timing: Timing
  readonly onNotice: NoticeSink
  /** The host that clients name. */
  readonly registry: string
  readonly stop: StopSignal
  /** Hears of a dead letter. */
  readonly buried: () => void
}

/** Sends a message that was claimed, and has the outbox note what came of it. @throws as the outbox does */
export async function deliverEntry(
  receiver: Receiver,
  entry: OutboxEntry,
  deps: EntryDeps,
): Promise<void> {
  const { outbox, timing, stop } = deps
  const event = parseWebhookEvent(entry.text)
  if (event === null) {
    return await bury(receiver, entry, 'is not an event that this version knows', deps)
  }
  const { endpoint } = receiver
  // The format was another when it was queued.
  if (!formats[endpoint.format].tells.has(event.kind)) return await outbox.delivered([entry])
  const waited = timing.now() - entry.queuedAt
  if (waited >= patience.waitedMs && receiver.failuresInARow >= patience.tries) {
    return await bury(receiver, entry, receiver.lastError ?? 'the receiver fails', deps)
  }
  const verdict = await attempt(endpoint, event, deps)
  if (verdict.kind === 'delivered') {
    if (receiver.arrived(timing.now())) tell(receiver, null, deps)
    return await outbox.delivered([entry])
  }
  if (stop.isStopped) return await outbox.release([entry])
  const { error } = verdict
  if (verdict.kind === 'refused') receiver.answered(error)
  else if (receiver.failedNow(error, timing)) tell(receiver, error, deps)
  const failures = entry.tries + 1
  if (isGivenUp(verdict, failures, timing.now() - entry.queuedAt)) {
    return await bury(receiver, entry, error, deps)
  }
  const wanted = verdict.kind === 'failed' ? (verdict.retryAfterMs ?? 0) : 0
  const inMs = Math.max(wanted, pauseAfter(failures, timing.random()))
  await outbox.retry(entry, { inMs, error })
}

async function bury(
  receiver: Receiver,
  entry: OutboxEntry,
  error: string,
  { outbox, buried }: EntryDeps,
): Promise<void> {
  await outbox.bury(entry, error)
  receiver.buried += 1
  receiver.buriedUntold += 1
  receiver.lastError = error
  buried()
}

function tell({ endpoint }: Receiver, error: string | null, { onNotice }: EntryDeps): void {
  const { name, origin } = endpoint
  onNotice({ kind: 'webhook-condition', endpoint: name, origin, error })
}
