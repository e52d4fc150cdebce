import { callSafely } from '../oci/call-safely.ts'
import type { NoticeSink } from '../ports/notices.ts'
import type { RequestObserver } from '../ports/observer.ts'

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
