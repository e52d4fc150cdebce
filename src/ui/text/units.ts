/** Units of an age. */
export type TimeUnit = 'minute' | 'hour' | 'day' | 'month' | 'year'

/** What a number with its unit says. */
export interface UnitsText {
  readonly bytes: (exact: string) => string
  readonly justNow: string
  readonly ago: (count: number, unit: TimeUnit) => string
  readonly soon: string
  readonly unknown: string
  /** For separators of thousands. */
  readonly locale: string
}
