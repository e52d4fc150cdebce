import { isFull } from '../services/test-service.ts'
import { anomaliesIn } from './check.ts'
import { type RunOptions, run } from './clients.ts'

/** What a run did and what is wrong with it. */
export interface Report {
  readonly answered: number
  readonly unanswered: number
  readonly anomalies: readonly string[]
}

/** Runs clients and checks what they were told. A run at full length is to be seen. */
export async function checkedRun(title: string, options: RunOptions): Promise<Report> {
  const before = performance.now()
  const history = await run(options)
  const between = performance.now()
  const anomalies = anomaliesIn(history)
  const { answered, unanswered } = history
  if (isFull) {
    const seconds = ((between - before) / 1000).toFixed(1)
    const checked = ((performance.now() - between) / 1000).toFixed(1)
    process.stdout.write(
      `${title}: seed ${options.seed}, ${options.clients} clients, ${answered} operations answered, ${unanswered} not, ` +
        `in ${seconds} s, checked in ${checked} s, ${anomalies.length} anomalies\n`,
    )
  }
  return { answered, unanswered, anomalies }
}
