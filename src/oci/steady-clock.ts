/**
 * Milliseconds since the epoch by a clock that neither leaps nor goes back while the process runs, so
 * that nothing expires early.
 */
export function steadyClock(): () => number {
  const started = Date.now() - performance.now()
  return () => started + performance.now()
}
