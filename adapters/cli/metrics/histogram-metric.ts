import type { MetricName } from './names.ts'

/** A value as prom-client writes it. */
export interface MetricValue {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** How long, or how large, things of one kind were. */
export class HistogramSeries {
  readonly #bounds: readonly number[]
  /** How many were in each bucket, and beyond the last bound. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  /** Adds one. For hot paths: it makes no object. */
  observe(value: number): void {
    const bounds = this.#bounds
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (value <= (bounds[middle] as number)) high = middle
      else low = middle + 1
    }
    this.counts[low] = (this.counts[low] as number) + 1
    this.sum += value
  }
}

/** The labels of a series, for each of its buckets. */
interface Described {
  readonly series: Pick<HistogramSeries, 'counts' | 'sum'>
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
  add(labels: Readonly<Record<string, string>>): HistogramSeries {
    const series = new HistogramSeries(this.bounds)
    this.show(labels, series)
    return series
  }

  /** Shows a series that is counted elsewhere, by the same bounds. */
  show(
    labels: Readonly<Record<string, string>>,
    series: Pick<HistogramSeries, 'counts' | 'sum'>,
  ): void {
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
