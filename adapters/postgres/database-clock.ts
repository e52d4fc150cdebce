import { steadyClock } from '../../src/kit.ts'
import { type Database, nowMs } from './database.ts'

/** How long a comparison with the database's clock holds, in milliseconds. */
const comparedMs = 60_000

/** The database's clock, as every node sees it, give or take the way there. */
export class DatabaseClock {
  readonly #database: Database
  readonly #own = steadyClock()
  #ahead = 0
  #comparedAt = 0

  constructor(database: Database) {
    this.#database = database
  }

  /** Milliseconds since the epoch. */
  readonly now = (): number => {
    const own = this.#own()
    if (own - this.#comparedAt > comparedMs) {
      this.#comparedAt = own
      this.compare().catch(() => {})
    }
    return own + this.#ahead
  }

  /** Looks what time it is in the database. */
  async compare(): Promise<void> {
    const before = this.#own()
    const [row] = await this.#database.query<{ now: unknown }>(`select ${nowMs} as now`, [])
    const after = this.#own()
    this.#comparedAt = after
    this.#ahead = Number(row?.now) + this.#database.clockOffset - (before + after) / 2
  }
}
