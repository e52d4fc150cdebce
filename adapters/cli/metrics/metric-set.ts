import { type Metric, Registry } from 'prom-client'
import { HistogramMetric, type MetricValue } from './histogram-metric.ts'
import type { MetricName } from './names.ts'

/** One value of a counter or gauge, and its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What a metric says at a scrape: one number, several, or null where it is not known. */
export type Reading = number | readonly Sample[] | null

/** The metrics of one server. */
export interface MetricSet {
  /**
   * Adds a counter or gauge that is read at each scrape.
   *
   * @param read costs the same however much is stored, and may take a moment; what fails is left out of the page
   */
  read(name: MetricName, read: () => Reading | Promise<Reading>): void
  /** The histogram of this name; the first time it is added. */
  histogram(name: MetricName): HistogramMetric
  /** The same function, called once for each scrape however many metrics need it. */
  shared<T>(read: () => T): () => T
  /** All metrics as Prometheus reads them. Never rejects. */
  text(): Promise<string>
  /** The media type of {@link text}. */
  readonly contentType: string
}

/** How long a scrape waits for values that have to be fetched, in milliseconds. */
const patienceMs = 1_000

/** Makes an empty set. */
export function metricSet(): MetricSet {
  const registry = new Registry()
  const histograms: Map<MetricName, HistogramMetric> = new Map()
  let scrape: Promise<string> | null = null
  let scrapes = 0

  /** prom-client asks a metric for its name and, at a scrape, for its values. */
  function add(metric: MetricName, values: () => Promise<readonly MetricValue[]>): void {
    const { name, help, kind: type } = metric
    const get = async () => ({ name, help, type, values: await values().catch(() => []) })
    registry.registerMetric({ name, get } as unknown as Metric)
  }

  return {
    read(name, read) {
      add(name, async () => samplesOf(await inTime(read())).map((one) => writtenOf(name, one)))
    },
    histogram(name) {
      const there = histograms.get(name)
      if (there !== undefined) return there
      const metric = new HistogramMetric(name)
      histograms.set(name, metric)
      add(name, async () => metric.values())
      return metric
    },
    shared(read) {
      let at = -1
      let last: ReturnType<typeof read>
      return () => {
        if (at !== scrapes) last = read()
        at = scrapes
        return last
      }
    },
    text() {
      // Those who ask at once share one answer.
      if (scrape !== null) return scrape
      scrapes += 1
      scrape = registry.metrics().finally(() => {
        scrape = null
      })
      return scrape
    },
    contentType: registry.contentType,
  }
}

function writtenOf({ name }: MetricName, { labels, value }: Sample): MetricValue {
  return { metricName: name, labels, value }
}

function samplesOf(reading: Reading): readonly Sample[] {
  if (reading === null) return []
  return typeof reading === 'number' ? [{ labels: {}, value: reading }] : reading
}

/** What is read, or null where that takes too long: a scrape must not wait for a database that is away. */
async function inTime(reading: Reading | Promise<Reading>): Promise<Reading> {
  if (!(reading instanceof Promise)) return reading
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, patienceMs, null)
  })
  try {
    return await Promise.race([reading, late])
  } finally {
    clearTimeout(timer)
  }
}
