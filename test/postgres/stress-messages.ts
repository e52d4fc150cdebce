import type { RepositoryName } from '../../src/index.ts'
import type { Outbox, OutboxEntry, OutboxMessage } from '../../src/kit.ts'

/** Who gets messages: the second has its share of them as dead letters. */
const endpoints: readonly string[] = ['steady', 'moody']

/** Says what is to be sent because of a change; what it said last counts, once the change is made. */
export interface Told {
  readonly tell: () => readonly OutboxMessage[]
}

/** Messages of a run: what was told, what arrived, and what is wrong with that. */
export class StressMessages {
  readonly faults: string[] = []
  told = 0
  arrived = 0
  /** The last number that was given to a message of each repository, while its lock was held. */
  readonly #numbers: Map<RepositoryName, number> = new Map()
  /** Messages of changes that were made, by endpoint. */
  readonly #due: Set<string> = new Set()
  readonly #arrived: Set<string> = new Set()
  readonly #newest: Map<string, number> = new Map()
  /** Dead letters: when they are sent again, others have passed them. */
  readonly #passed: Set<string> = new Set()

  /** Makes a change with a message to all endpoints. */
  async telling<T>(repository: RepositoryName, change: (told: Told) => Promise<T>): Promise<T> {
    let last: number | null = null
    const value = await change({
      tell: () => {
        last = (this.#numbers.get(repository) ?? 0) + 1
        this.#numbers.set(repository, last)
        return [{ endpoints, text: String(last) }]
      },
    })
    if (last === null) return value
    for (const endpoint of endpoints) {
      this.told += 1
      this.#due.add(`${endpoint} ${repository} ${last}`)
    }
    return value
  }

  /** Delivers until nothing is left that was told before it is over. */
  async deliver(outbox: Outbox, isOver: () => boolean): Promise<void> {
    for (;;) {
      const isLast = isOver()
      const { entries } = await outbox.claim(endpoints, { limit: 8, forMs: 600_000 })
      // Leaves the machine to the writers.
      if (entries.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
      await Promise.all(entries.map((entry) => this.#deliverOne(outbox, entry)))
      if (Math.random() < 0.05 || isLast) await outbox.resend({ state: 'dead' }, 100)
      if (Math.random() < 0.05) await outbox.counts()
      if (isLast && entries.length === 0 && (await outbox.list({ limit: 1 })).items.length === 0)
        return
    }
  }

  async #deliverOne(outbox: Outbox, entry: OutboxEntry): Promise<void> {
    const { endpoint, repository, text } = entry
    const chance = Math.random()
    if (chance < 0.05) return outbox.release([entry])
    if (chance < 0.15) return outbox.retry(entry, { inMs: chance * 20, error: 'refused' })
    const name = `${endpoint} ${repository} ${text}`
    if (endpoint === 'moody' && chance < 0.2) {
      this.#passed.add(name)
      return outbox.bury(entry, 'refused')
    }
    if (this.#arrived.has(name)) this.faults.push(`${name} came twice`)
    this.#arrived.add(name)
    this.arrived += 1
    const line = `${endpoint} ${repository}`
    const number = Number(text)
    const newest = this.#newest.get(line) ?? 0
    if (!this.#passed.has(name)) {
      if (number < newest) this.faults.push(`${name} came after ${newest}`)
      this.#newest.set(line, Math.max(number, newest))
    }
    await outbox.delivered([entry])
  }

  /** What is wrong once all was delivered. */
  check(): readonly string[] {
    const faults = [...this.faults]
    for (const name of this.#due) if (!this.#arrived.has(name)) faults.push(`${name} was lost`)
    for (const name of this.#arrived) if (!this.#due.has(name)) faults.push(`${name} was not told`)
    return faults
  }
}
