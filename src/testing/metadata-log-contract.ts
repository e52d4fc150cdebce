import { journalCases } from './log-contract/journals.ts'
import type { MetadataLogCase } from './log-contract/log-case.ts'
import { sealCases } from './log-contract/seals.ts'
import { snapshotCases } from './log-contract/snapshots.ts'

export type { LogPlace, MetadataLogCase, MetadataLogMaker } from './log-contract/log-case.ts'

/**
 * What every MetadataLog must do, as cases for any test runner:
 *
 * ```ts
 * for (const { name, run } of metadataLogContract) test(name, () => run(makePlace))
 * ```
 */
export const metadataLogContract: readonly MetadataLogCase[] = [
  ...journalCases,
  ...snapshotCases,
  ...sealCases,
]
