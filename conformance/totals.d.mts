export interface Totals {
  passed: number
  failed: number
  skipped: number
  disabled: number
  total: number
}

export interface Run {
  verdict: string
  totals: Totals
}

export declare function readSuiteOutput(output: string): Run
export declare function readOldSuiteOutput(output: string): Run
export declare function misses(
  run: Run,
  expected: { passed: number; disabled: number; skipped: number },
): string[]
export declare function troubles(output: string): string[]
export declare function resultsFileMisses(
  yaml: string,
  expected: { version: string; off: readonly string[] },
): string[]
