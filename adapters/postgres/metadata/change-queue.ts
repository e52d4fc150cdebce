import { RegistryError, type RepositoryName } from '../../../src/index.ts'
import type { Database } from '../database.ts'
import type { Outgoing } from '../outbox/outgoing.ts'
import type { SqlQuery } from '../sql-driver.ts'
import type { Change } from './change.ts'
import type { Place } from './facts.ts'
import { flush } from './flush.ts'
import { load, loadPlaces } from './load.ts'
import type { View } from './view.ts'

/** Changes in one transaction at most, and repositories. */
const mostChanges = 64
const mostRepositories = 32

/** Transactions that are on their way at once at most. Changes of one repository are all in one of them. */
const lanes = 4

interface Waiting {
  readonly change: Change<unknown>
  readonly resolve: (value: never) => void
  readonly reject: (reason: unknown) => void
}

/**
 * Gathers changes: those that come while others are on their way to disk go together in the next transaction, so
 * that one sync serves all who wait.
 */
export class ChangeQueue {
  readonly #database: Database
  readonly #trashMs: number
  readonly #outgoing: Outgoing
  readonly #waiting: readonly Waiting[][] = Array.from({ length: lanes }, () => [])
  readonly #isRunning: boolean[] = Array.from({ length: lanes }, () => false)

  /** @param trashMs how long bytes are kept that nothing names any more, in milliseconds */
  constructor(database: Database, trashMs: number, outgoing: Outgoing) {
    this.#database = database
    this.#trashMs = trashMs
    this.#outgoing = outgoing
  }

  /** Makes a change; what came of it, once it is durable. */
  add<T>(repository: RepositoryName, change: Change<T>): Promise<T> {
    const lane = laneOf(repository)
    return new Promise<T>((resolve, reject) => {
      this.#waiting[lane]?.push({ change, resolve, reject })
      if (this.#isRunning[lane] === true) return
      this.#isRunning[lane] = true
      // Callers of the same turn go together.
      queueMicrotask(() => this.#run(lane))
    })
  }

  async #run(lane: number): Promise<void> {
    const waiting = this.#waiting[lane] ?? []
    while (waiting.length > 0) await this.#make(takeBatch(waiting), lane)
    this.#isRunning[lane] = false
  }

  async #make(batch: readonly Waiting[], lane: number): Promise<void> {
    try {
      const outcomes = await this.#database.transaction(async (query, last, committed) => {
        const wanted = batch.map(({ change }) => change.wanted)
        const view = await load(query, wanted, this.#database.clockOffset)
        await loadAlso(query, view, batch)
        const made = batch.map((waiting) => settlementOf(waiting, view))
        await flush(query, last, view, this.#trashMs)
        this.#outgoing.put(view.told, last, committed, lane)
        return made
      })
      for (const settle of outcomes) settle()
    } catch (error) {
      if (batch.length === 1 || isOfAll(error)) for (const { reject } of batch) reject(error)
      // One of them may be at fault for all.
      else for (const one of batch) await this.#make([one], lane)
    }
  }
}

/** Takes what goes together in the next transaction: the first, and those after it that fit. */
function takeBatch(waiting: Waiting[]): readonly Waiting[] {
  const repositories: Set<RepositoryName> = new Set()
  let count = 0
  for (const { change } of waiting) {
    for (const name of change.wanted.repositories) repositories.add(name)
    const isTooMuch = count === mostChanges || repositories.size > mostRepositories
    if (count > 0 && isTooMuch) break
    count += 1
  }
  return waiting.splice(0, count)
}

/** Reads what changes have to know beside what they wanted at first. */
async function loadAlso(query: SqlQuery, view: View, batch: readonly Waiting[]): Promise<void> {
  const known = new Set(view.places.values())
  const more: Set<Place> = new Set()
  for (const { change } of batch) {
    const [name] = change.wanted.repositories
    if (name === undefined) continue
    for (const digest of change.also?.(view) ?? []) more.add(view.place(name, digest))
  }
  const unknown = [...more].filter((place) => !known.has(place))
  await loadPlaces(query, view, unknown, batch.length + 1)
}

/** Makes a change of the view; what its caller is told once that is durable. */
function settlementOf({ change, resolve, reject }: Waiting, view: View): () => void {
  try {
    const value = change.make(view)
    return () => resolve(value as never)
  } catch (error) {
    return () => reject(error)
  }
}

/** Whether no change of a batch is at fault for an error. */
function isOfAll(error: unknown): boolean {
  return error instanceof RegistryError
}

function laneOf(name: RepositoryName): number {
  let hash = 0
  for (let at = 0; at < name.length; at += 1) hash = (Math.imul(hash, 31) + name.charCodeAt(at)) | 0
  return (hash >>> 0) % lanes
}
