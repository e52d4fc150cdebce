export type Figures = Readonly<Record<string, number | null>>
export type Measured = Figures | { readonly failed: string }

export declare function median(values: readonly number[]): number | null
export declare function percentile(values: readonly number[], p: number): number | null
export declare function summarise(rounds: readonly Measured[]): Measured
export declare function ratio(
  rounds: readonly Measured[],
  otherRounds: readonly Measured[],
): number | null
