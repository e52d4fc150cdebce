import { RegistryError } from '../../src/index.ts'
import type { MetadataStore } from '../../src/kit.ts'
import { Database } from './database.ts'
import { PostgresMetadata } from './metadata/postgres-metadata.ts'
import type { SqlDriver, SqlQuery } from './sql-driver.ts'

/** Names as they were at one moment, to be read. */
export interface NamesOfOneMoment {
  readonly metadata: MetadataStore
  /** Ends the transaction that they are read in. */
  close(): Promise<void>
}

/**
 * Reads names as they are now, whatever is changed meanwhile: in one transaction on a connection of its own. While it is
 * open, PostgreSQL keeps rows that were deleted since, so it should not be open for long.
 *
 * @throws RegistryError `unavailable` where the database cannot be reached
 */
export async function openOneMoment(driver: SqlDriver): Promise<NamesOfOneMoment> {
  let end: () => void = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  let transaction: Promise<void> = Promise.resolve()
  const query = await new Promise<SqlQuery>((resolve, reject) => {
    transaction = driver.transaction(async (query) => {
      await query('set transaction isolation level repeatable read, read only')
      await query('set local idle_in_transaction_session_timeout = 0')
      // The moment is that of the first statement that reads.
      await query('select 1 as one')
      resolve(query)
      await ended
    })
    transaction.catch(reject)
  }).catch((error: unknown) => {
    throw new RegistryError('unavailable', { cause: error })
  })
  const readOnly = async (): Promise<never> => {
    throw new RegistryError('storageReadOnly')
  }
  const database = new Database({ query, transaction: readOnly, close: async () => {} })
  return {
    metadata: new PostgresMetadata(database, 0),
    async close() {
      end()
      await transaction.catch(() => {})
    },
  }
}
