import type { RepositoryName } from '../../../src/index.ts'
import type { OutboxMessage } from '../../../src/kit.ts'
import type { Database, OnCommitted } from '../database.ts'
import type { SqlLast } from '../sql-driver.ts'
import { put } from './outbox-sql.ts'

/** Messages because of a change in a repository. */
export interface ToldMessages {
  readonly repository: RepositoryName
  readonly messages: readonly OutboxMessage[]
}

/** How many shards of counts an endpoint has. */
const shards = 64

/** Puts messages into the outbox, in the transactions of the changes that they tell of. */
export class Outgoing {
  readonly #database: Database
  readonly #onPut: () => void
  /** That of the first lane of changes. Two nodes seldom have the same, and a lane has one transaction at a time. */
  readonly #firstShard: number = Math.floor(Math.random() * shards)
  /** Endpoints that were told of in this process. */
  readonly endpoints: Set<string> = new Set()

  /** @param onPut called once messages were put there and are durable */
  constructor(database: Database, onPut: () => void) {
    this.#database = database
    this.#onPut = onPut
  }

  /** The shard of the counts in which a lane of changes adds up; that of other transactions without a lane. */
  shard(lane = -1): number {
    return (this.#firstShard + 1 + lane) % shards
  }

  /**
   * Has a transaction store messages at its end, while it has the locks of their repositories: so those of a repository
   * are in the order of its changes. Two messages of a repository are in the order in which they come here.
   */
  put(told: readonly ToldMessages[], last: SqlLast, committed: OnCommitted, lane?: number): void {
    const endpoints: string[] = []
    const repositories: string[] = []
    const texts: string[] = []
    for (const { repository, messages } of told) {
      for (const message of messages) {
        for (const endpoint of new Set(message.endpoints)) {
          endpoints.push(endpoint)
          repositories.push(repository)
          texts.push(message.text)
        }
      }
    }
    if (endpoints.length === 0) return
    const { clockOffset } = this.#database
    last(put, [this.shard(lane), clockOffset, endpoints, repositories, texts])
    committed(() => {
      for (const endpoint of endpoints) this.endpoints.add(endpoint)
      this.#onPut()
    })
  }
}
