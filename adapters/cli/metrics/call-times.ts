import { Histogram } from '../../../src/kit.ts'
import { aroundMethods } from '../../../src/tracing/methods.ts'
import type { HistogramMetric } from './histogram-metric.ts'
import type { MetricSet } from './metric-set.ts'
import type { MetricName } from './names.ts'
import { Tally } from './tally.ts'

/** Operations of a store are ours, and few. */
const mostOperations = 100

/** How long the calls of something took, by operation, and how many failed. */
export class CallTimes {
  readonly #calls: HistogramMetric
  readonly #byOperation: Map<string, Histogram> = new Map()
  readonly #errors: Tally = new Tally('operation', mostOperations)
  readonly #onOperation: (operation: string, times: Histogram) => void

  /** @param onOperation told of each operation once, with its times */
  constructor(
    set: MetricSet,
    names: Readonly<Record<'calls' | 'errors', MetricName>>,
    onOperation: (operation: string, times: Histogram) => void = () => {},
  ) {
    this.#calls = set.histogram(names.calls)
    this.#onOperation = onOperation
    set.read(names.errors, () => this.#errors.read())
  }

  readonly add = (operation: string, seconds: number, isFailed: boolean): void => {
    this.#of(operation).add(seconds)
    if (isFailed) this.#errors.add(operation)
  }

  /** The same store; each of its calls is counted by the name of its method. */
  around<T extends object>(store: T): T {
    return aroundMethods(store, (name, method) => {
      if (uncounted.has(name)) return method
      const call = method as (...words: unknown[]) => unknown
      return (...words: unknown[]) => {
        const began = performance.now()
        const done = (isFailed: boolean): void =>
          this.add(name, (performance.now() - began) / 1000, isFailed)
        const result = call(...words)
        if (!(result instanceof Promise)) return result
        return result.then(
          (value) => {
            done(false)
            return value
          },
          (error: unknown) => {
            done(true)
            throw error
          },
        )
      }
    })
  }

  #of(operation: string): Histogram {
    const found = this.#byOperation.get(operation)
    if (found !== undefined) return found
    const times =
      this.#byOperation.size < mostOperations ? this.#calls.add({ operation }) : new Histogram()
    this.#byOperation.set(operation, times)
    this.#onOperation(operation, times)
    return times
  }
}

/** Methods that do not call a database. */
const uncounted: ReadonlySet<string> = new Set(['close', 'figures'])
