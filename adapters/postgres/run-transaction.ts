import type { SqlLast, SqlQuery, SqlRow, SqlValue } from './sql-driver.ts'

/** How {@link runTransaction} runs. */
export interface TransactionOptions {
  /** Statements that come first; null: none. */
  readonly settings: string | null
  /** Called once all that is left is on its way, the commit included. */
  onCommit(): void
}

/**
 * Runs `work` in a transaction that was begun, and commits it together with the last statements. Another transaction
 * has begun by then, in which nothing is done: a statement that the package sends once more, since the server did not
 * know it, would otherwise be committed by itself.
 */
export async function runTransaction<T>(
  query: SqlQuery,
  work: (query: SqlQuery, last: SqlLast) => Promise<T>,
  { settings, onCommit }: TransactionOptions,
): Promise<{ readonly value: T }> {
  const failures: unknown[] = []
  const run: SqlQuery = async <Row extends SqlRow>(text: string, params?: readonly SqlValue[]) => {
    try {
      return await query<Row>(text, params)
    } catch (error) {
      failures.push(error)
      throw error
    }
  }
  const set = settings === null ? [] : [run(settings)]
  for (const each of set) each.catch(() => {})
  const noted: Array<Parameters<SqlLast>> = []
  const value = await work(run, (...statement) => void noted.push(statement))
  // What failed is rolled back, whether `work` cared or not.
  if (failures.length > 0) throw failures[0]
  const last = [...set, ...noted.map((statement) => run(...statement))]
  const committed = query('commit and chain')
  onCommit()
  await Promise.allSettled([...last, committed])
  if (failures.length > 0) throw failures[0]
  // The server rolls a transaction back that cannot be committed, and calls that no error.
  const { command } = (await committed) as { readonly command?: unknown }
  if (command !== 'COMMIT') throw new Error(`the transaction ended with ${String(command)}`)
  return { value }
}
