import { test } from 'vitest'
import { type ContractCase, casesFor, type Supports } from '../../src/testing/index.ts'

/** Makes a test of each case that the store is held to; the others are shown as skipped, with why. */
export function contractTests<Make>(
  contract: readonly ContractCase<Make>[],
  supports: Supports,
  make: Make,
): void {
  const { runnable, unsupported } = casesFor(contract, supports)
  for (const { name, run } of runnable) test(name, () => run(make))
  for (const { name, reason } of unsupported) test.skip(`${name} (${reason})`, () => {})
}
