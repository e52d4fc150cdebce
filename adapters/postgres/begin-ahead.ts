import type { Sql } from './pool.ts'

type Unsafe = Sql['unsafe']
type Options = NonNullable<Parameters<Unsafe>[2]>

/** What the package `postgres` gives to its own BEGIN: called once that is on its way, to reserve the connection. */
interface BeginOptions extends Options {
  onexecute?(connection: unknown): void
}

/**
 * As `sql.begin`, without waiting for the answer to BEGIN: the first statements of `work` follow it at once, which
 * saves a round trip.
 *
 * The package asks for BEGIN with an option of its own that reserves the connection. It then marks that connection as
 * full until BEGIN is answered, so that the connection is reserved once more.
 *
 * @param onRefused called where BEGIN fails after `work` was called. Statements that are on their way by then run
 *   outside of a transaction, so they must change nothing; `work` must send no more
 */
export function beginAhead<T>(
  sql: Sql,
  mode: string,
  work: (inside: Pick<Sql, 'unsafe'>) => Promise<T>,
  onRefused: (error: unknown) => void,
): Promise<T> {
  const unsafe = sql.unsafe
  const ahead = (text: string, args: never[], options: BeginOptions): unknown => {
    const { onexecute } = options
    if (onexecute === undefined) return unsafe(text, args, options)
    const execute = (): Promise<void> =>
      new Promise((resolve, reject) => {
        const reserving: BeginOptions = {
          ...options,
          onexecute(connection) {
            onexecute(connection)
            queueMicrotask(() => {
              onexecute(connection)
              resolve()
            })
          },
        }
        unsafe(text, args, reserving)
          .execute()
          .catch((error: unknown) => {
            onRefused(error)
            reject(error)
          })
      })
    return { execute }
  }
  sql.unsafe = ahead as Unsafe
  try {
    // The package sends BEGIN before this returns, and takes no other road to it.
    return sql.begin(mode, (inside) => work(inside)) as Promise<T>
  } finally {
    sql.unsafe = unsafe
  }
}
