import { onBun } from '../../bun/bun.ts'
import { onDeno } from '../../deno/deno.ts'
import type { MetricSet } from './metric-set.ts'
import { runtimeNames as names } from './names.ts'

/** How often the event loop is looked at, in milliseconds. */
const lookMs = 100

/**
 * Measures the process: memory, time of the processor, and how late the event loop is.
 *
 * @returns what ends that
 */
export function runtimeMetrics(set: MetricSet, version: string): () => void {
  const runtime = onBun ? 'bun' : onDeno ? 'deno' : 'node'
  const startedAt = (Date.now() - performance.now()) / 1000
  set.read(names.build, () => [{ labels: { version, runtime }, value: 1 }])
  set.read(names.started, () => startedAt)
  set.read(names.cpu, () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  const usage = set.shared(() => process.memoryUsage())
  set.read(names.memory, () => usage().rss)
  set.read(names.heapUsed, () => usage().heapUsed)
  set.read(names.heapTotal, () => usage().heapTotal)
  set.read(names.external, () => usage().external)

  const delays = set.histogram(names.loopDelay).add({})
  let dueAt = performance.now() + lookMs
  const timer = setInterval(() => {
    const now = performance.now()
    delays.add(Math.max(now - dueAt, 0) / 1000)
    dueAt = now + lookMs
  }, lookMs)
  timer.unref()
  return () => clearInterval(timer)
}
