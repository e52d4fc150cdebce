/** Rows that statements looked at and wrote. */
export interface Cost {
  readonly read: number
  readonly written: number
}

/** A storage that counts rows; `cost` returns those since it was called last. */
export function meteredStorage(storage: DurableObjectStorage): {
  readonly metered: DurableObjectStorage
  cost(): Cost
} {
  let cursors: SqlCursor<unknown>[] = []
  return {
    metered: {
      sql: {
        exec<Row>(query: string, ...values: SqlValue[]): SqlCursor<Row> {
          const cursor = storage.sql.exec<Row>(query, ...values)
          cursors.push(cursor)
          return cursor
        },
      },
      transactionSync: (work) => storage.transactionSync(work),
    },
    cost() {
      const sum = { read: 0, written: 0 }
      for (const { rowsRead, rowsWritten } of cursors) {
        sum.read += rowsRead
        sum.written += rowsWritten
      }
      cursors = []
      return sum
    },
  }
}
