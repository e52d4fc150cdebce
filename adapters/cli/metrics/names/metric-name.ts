export { durationBounds, longBounds } from '../../../../src/kit.ts'

/** A metric before it has values: what dashboards, alert rules and the docs name. */
export interface MetricName {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly name: string
  /** In plain English, for readers of the page of metrics. */
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds of a histogram. */
  readonly bounds?: readonly number[]
}

/** The metrics of a family. */
export type Names<Keys extends string> = Readonly<Record<Keys, MetricName>>

/** Bounds of durations, in seconds: those of distribution. */
export const requestSeconds: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60,
]

/** Bounds of sizes: 1 KiB, 2 KiB, … 2 GiB, as in distribution. */
export const sizeBounds: readonly number[] = Array.from(
  { length: 22 },
  (_, index) => 1024 * 2 ** index,
)

/** A number that only grows. */
export function counter(name: string, labels: readonly string[], help: string): MetricName {
  return { kind: 'counter', name, labels, help }
}

/** A number that goes up and down. */
export function gauge(name: string, labels: readonly string[], help: string): MetricName {
  return { kind: 'gauge', name, labels, help }
}

/** How long, or how large, things were. */
export function histogram(
  name: string,
  labels: readonly string[],
  bounds: readonly number[],
  help: string,
): MetricName {
  return { kind: 'histogram', name, labels, bounds, help }
}
