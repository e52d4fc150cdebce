import type { Totals } from './totals.mjs'

export interface Outcome {
  runtime: string
  store: string
  suite: string
  version: string
  totals: Totals | null
  misses: string[]
  notRun: string | null
  seconds: number
}

export declare function textTable(outcomes: readonly Outcome[]): string
export declare function resultsPage(
  outcomes: readonly Outcome[],
  run: { date: string; command: string; system: string },
): string
