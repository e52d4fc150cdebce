import { test } from 'vitest'
import { type ContractCase, casesFor, type Supports } from '../../src/testing/index.ts'
import { sampleOf } from '../sample.ts'

/**
 * Makes a test of each case that the store is held to; the others are shown as skipped, with why.
 *
 * @param every outside of CI, one case of so many, where another store is held to all of them. Default: each
 */
export function contractTests<Make>(
  contract: readonly ContractCase<Make>[],
  supports: Supports,
  make: Make,
  every = 1,
): void {
  const { runnable, unsupported } = casesFor(contract, supports)
  for (const { name, run } of sampleOf('cases of contracts', runnable, every))
    test(name, () => run(make))
  for (const { name, reason } of unsupported) test.skip(`${name} (${reason})`, () => {})
}
