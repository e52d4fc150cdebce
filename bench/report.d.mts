import type { Figures, Measured } from './figures.mjs'

export interface Run {
  readonly command: string
  readonly date: string
  readonly machine: string
  readonly rounds: number
  readonly quick: boolean
  readonly servers: readonly { readonly name: string; readonly syncs: string }[]
  readonly roads: readonly { readonly id: string; readonly title: string; readonly unit: string }[]
  readonly idle: Readonly<Record<string, readonly Figures[]>>
  readonly cells: Readonly<Record<string, Readonly<Record<string, readonly Measured[]>>>>
}

export declare function textReport(run: Run): string
export declare function markdownReport(run: Run): string
export declare function number(value: number | null | undefined): string
export declare function textTable(rows: readonly (readonly string[])[]): string[]
