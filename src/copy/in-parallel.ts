/**
 * Works on items, at most `limit` of them at a time. The next item is taken when one is done, so that a long
 * list is never in memory. After a failure no more are taken.
 *
 * @throws the first failure, once the work under way has ended.
 */
export async function inParallel<T>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running: Set<Promise<void>> = new Set()
  const failures: unknown[] = []
  const start = (item: T): void => {
    const one = work(item)
      .catch((error: unknown) => void failures.push(error))
      .then(() => void running.delete(one))
    running.add(one)
  }
  try {
    for await (const item of items) {
      if (failures.length > 0) break
      start(item)
      if (running.size >= limit) await Promise.race(running)
      if (failures.length > 0) break
    }
  } finally {
    await Promise.all(running)
  }
  if (failures.length > 0) throw failures[0]
}

/** Lets at most `limit` pieces of work run at a time, whoever begins them. */
export class Slots {
  readonly #waiting: Array<() => void> = []
  #free: number

  constructor(limit: number) {
    this.#free = limit
  }

  /** Runs `work` once there is a free slot. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}

/** Work for one name at a time: two that copy the same digest would send its bytes twice. */
export class Turns {
  readonly #last: Map<string, Promise<unknown>> = new Map()

  /** Runs `work` after what was begun for the name before, whatever became of that. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name)
    const own = before === undefined ? work() : before.then(work, work)
    this.#last.set(name, own)
    try {
      return await own
    } finally {
      if (this.#last.get(name) === own) this.#last.delete(name)
    }
  }
}
