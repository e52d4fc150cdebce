import { Histogram } from '../../../src/kit.ts'
import type { MetricName } from './names.ts'

/** A value as prom-client writes it. */
export interface MetricValue {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The labels of a series, for each of its buckets. */
interface Described {
  readonly series: Histogram
  readonly labels: Readonly<Record<string, string>>
  readonly buckets: ReadonlyArray<Readonly<Record<string, string>>>
}

/**
 * A histogram whose series are found once and then only counted in. prom-client's own looks a series up by its labels
 * for each value, which costs a request several microseconds.
 */
export class HistogramMetric {
  readonly #name: MetricName
  readonly #series: Described[] = []

  constructor(name: MetricName) {
    this.#name = name
  }

  /** Adds a series. The caller keeps it, and asks for each set of labels once. */
  add(labels: Readonly<Record<string, string>>): Histogram {
    const series = new Histogram(this.bounds)
    this.show(labels, series)
    return series
  }

  /** Shows a series that is counted elsewhere, by the same bounds. */
  show(labels: Readonly<Record<string, string>>, series: Histogram): void {
    const buckets = [...this.bounds.map(String), '+Inf'].map((le) => ({ ...labels, le }))
    this.#series.push({ series, labels, buckets })
  }

  get bounds(): readonly number[] {
    return this.#name.bounds ?? []
  }

  /** All values, in the order that Prometheus wants. */
  values(): readonly MetricValue[] {
    const { name } = this.#name
    const values: MetricValue[] = []
    for (const { series, labels, buckets } of this.#series) {
      let count = 0
      for (const [index, le] of buckets.entries()) {
        count += series.counts[index] ?? 0
        values.push({ metricName: `${name}_bucket`, labels: le, value: count })
      }
      values.push({ metricName: `${name}_sum`, labels, value: series.sum })
      values.push({ metricName: `${name}_count`, labels, value: count })
    }
    return values
  }
}
