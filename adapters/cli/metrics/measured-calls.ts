import type { DatabaseFigures } from '../../postgres/index.ts'
import { CallTimes } from './call-times.ts'
import type { MetricSet } from './metric-set.ts'
import { s3Names, sqlNames, storeNames } from './names.ts'

/** Measures what stores ask of a database and a bucket. */
export interface MeasuredCalls {
  /** The same store, with the calls that it makes of a database counted. */
  sql<T extends object>(store: T): T
  /** Shows what the database itself counts. */
  database(figures: () => DatabaseFigures): void
  /** Called with each call of the bucket: its name, how long it took in seconds, and whether it failed. */
  readonly s3: (operation: string, seconds: number, isFailed: boolean) => void
}

/** distribution's names for calls of a bucket. */
const actions: ReadonlyMap<string, string> = new Map([
  ['GetObject', 'GetContent'],
  ['PutObject', 'PutContent'],
  ['HeadObject', 'Stat'],
  ['ListObjectsV2', 'List'],
  ['CopyObject', 'Move'],
  ['DeleteObject', 'Delete'],
])

/** Measures calls from now on. */
export function measuredCalls(set: MetricSet): MeasuredCalls {
  let sql: CallTimes | null = null
  let s3: CallTimes | null = null
  return {
    sql(store) {
      sql ??= new CallTimes(set, sqlNames)
      return sql.around(store)
    },
    database(figures) {
      set.read(sqlNames.statements, () => {
        const { queries, transactions } = figures()
        return [
          { labels: { kind: 'statement' }, value: queries },
          { labels: { kind: 'transaction' }, value: transactions },
        ]
      })
      set.read(sqlNames.repeats, () => {
        const { collisions, losses } = figures()
        return [
          { labels: { reason: 'collision' }, value: collisions },
          { labels: { reason: 'connection' }, value: losses },
        ]
      })
    },
    s3(operation, seconds, isFailed) {
      s3 ??= new CallTimes(set, s3Names, (name, times) => {
        const action = actions.get(name)
        if (action === undefined) return
        set.histogram(storeNames.actions).show({ driver: 's3aws', action }, times)
      })
      s3.add(operation, seconds, isFailed)
    },
  }
}
