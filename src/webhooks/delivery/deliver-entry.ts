import type { NoticeSink } from '../../ports/notices.ts'
import type { Outbox, OutboxEntry } from '../../ports/outbox.ts'
import { formats } from '../formats/formats.ts'
import { parseWebhookEvent } from '../webhook-event.ts'
import { attempt } from './attempt.ts'
import type { Receiver } from './receiver.ts'
import { remember } from './remember.ts'
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
  const verdict = await attempt(endpoint, event, deps)
  if (verdict.kind !== 'delivered' && stop.isStopped) return await outbox.release([entry])
  remember(receiver, verdict, deps)
  if (verdict.kind === 'delivered') return await outbox.delivered([entry])
  const { error } = verdict
  const failures = entry.tries + 1
  const isOld = timing.now() - entry.queuedAt >= patience.waitedMs
  if (verdict.kind === 'failed' && isOld && receiver.failuresInARow >= patience.tries) {
    await bury(receiver, entry, error, deps)
    return await buryOthers(receiver, entry, error, deps)
  }
  if (isGivenUp(verdict, failures, isOld)) return await bury(receiver, entry, error, deps)
  const wanted = verdict.kind === 'failed' ? (verdict.retryAfterMs ?? 0) : 0
  const inMs = Math.max(wanted, pauseAfter(failures, timing.random()))
  await outbox.retry(entry, { inMs, error })
}

/** Messages that are given up together. */
const atOnce = 100

/**
 * An endpoint that fails is asked seldom, so that not each of its messages can be tried for a day: once one of them is
 * given up, others that waited as long are too. What is behind it in its repository is tried first.
 */
async function buryOthers(
  receiver: Receiver,
  tried: OutboxEntry,
  error: string,
  deps: EntryDeps,
): Promise<void> {
  const { outbox, timing } = deps
  const forMs = 60_000
  const { entries } = await outbox.claim([tried.endpoint], { limit: atOnce, forMs })
  const before = timing.now() - patience.waitedMs
  const isOver = (entry: OutboxEntry): boolean =>
    entry.queuedAt <= before && entry.repository !== tried.repository
  for (const entry of entries.filter(isOver)) await bury(receiver, entry, error, deps)
  await outbox.release(entries.filter((entry) => !isOver(entry)))
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
