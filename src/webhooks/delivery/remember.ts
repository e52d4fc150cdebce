import type { NoticeSink } from '../../ports/notices.ts'
import type { Receiver } from './receiver.ts'
import type { Verdict } from './schedule.ts'
import type { Timing } from './timing.ts'

/** Has a receiver remember what came of a request, and says so when it begins to fail or works again. */
export function remember(
  receiver: Receiver,
  verdict: Verdict,
  { timing, onNotice }: { readonly timing: Timing; readonly onNotice: NoticeSink },
): void {
  const { name, origin } = receiver.endpoint
  const tell = (error: string | null): void =>
    onNotice({ kind: 'webhook-condition', endpoint: name, origin, error })
  if (verdict.kind === 'delivered') {
    if (receiver.arrived(timing.now())) tell(null)
  } else if (verdict.kind === 'refused') receiver.answered(verdict.error)
  else if (receiver.failedNow(verdict.error, timing)) tell(verdict.error)
}
