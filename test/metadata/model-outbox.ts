import type { RepositoryName } from '../../src/oci/repository-name.ts'
import type { OutboxEntry, OutboxLimits, OutboxMessage } from '../../src/ports/metadata-store.ts'
import { lastingFacts } from './observation.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type ModelMessage = Mutable<Omit<OutboxEntry, 'id' | 'claim'>>

/** What an outbox should do, in the simplest way: all entries in one list, the oldest first. */
export class ModelOutbox {
  #entries: ModelMessage[] = []

  queue(repository: RepositoryName, messages: readonly OutboxMessage[], time: number): void {
    for (const { endpoints, text } of messages) {
      for (const endpoint of endpoints) {
        const fresh = { tries: 0, dueAt: 0, error: null, state: 'waiting' as const }
        this.#entries.push({ endpoint, repository, text, queuedAt: time, ...fresh })
      }
    }
  }

  /** The oldest of each endpoint and repository, where it is due. */
  #heads(now: number): ModelMessage[] {
    const waiting = this.#entries.filter(({ state }) => state === 'waiting')
    const heads = waiting.filter(
      (entry) =>
        entry ===
        waiting.find(
          ({ endpoint, repository }) =>
            endpoint === entry.endpoint && repository === entry.repository,
        ),
    )
    return heads.filter(({ dueAt }) => dueAt <= now)
  }

  deliver(limit: number, now: number): string[] {
    const gone = this.#heads(now).slice(0, limit)
    this.#entries = this.#entries.filter((entry) => !gone.includes(entry))
    return gone.map(({ text }) => text)
  }

  fail(now: number, inMs: number): string[] {
    const [head] = this.#heads(now)
    if (head === undefined) return []
    head.tries += 1
    head.dueAt = now + inMs
    return [head.text]
  }

  bury(now: number): string[] {
    const [head] = this.#heads(now)
    if (head === undefined) return []
    Object.assign(head, { tries: head.tries + 1, state: 'dead', error: 'gone' })
    return [head.text]
  }

  resend(limit: number, time: number): number {
    const dead = this.#entries.filter(({ state }) => state === 'dead').slice(0, limit)
    this.#entries = this.#entries.filter((entry) => !dead.includes(entry))
    for (const { repository, endpoint, text } of dead) {
      this.queue(repository, [{ endpoints: [endpoint], text }], time)
    }
    return dead.length
  }

  drop(limit: number): number {
    return this.#entries.splice(0, limit).length
  }

  trim({ waiting, dead }: OutboxLimits): unknown {
    const sum = { buried: 0, dropped: 0 }
    for (const endpoint of new Set(this.#entries.map((entry) => entry.endpoint))) {
      const own = this.#entries.filter((entry) => entry.endpoint === endpoint)
      const waits = own.filter(({ state }) => state === 'waiting')
      for (const entry of waits.slice(0, Math.max(0, waits.length - waiting))) {
        const error = entry.error ?? 'too many messages waited for the endpoint'
        Object.assign(entry, { state: 'dead', error })
        sum.buried += 1
      }
      const letters = own.filter(({ state }) => state === 'dead')
      const gone = letters.slice(0, Math.max(0, letters.length - dead))
      this.#entries = this.#entries.filter((entry) => !gone.includes(entry))
      sum.dropped += gone.length
    }
    return sum
  }

  /** What a process does not leave behind. */
  restart(): void {
    for (const entry of this.#entries) {
      if (entry.state === 'waiting') Object.assign(entry, { tries: 0, dueAt: 0, error: null })
    }
  }

  view(): unknown {
    return this.#entries.map(lastingFacts)
  }
}
