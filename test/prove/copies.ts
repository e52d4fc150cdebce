import { beginning, copyInOrders } from '../disk/simulation/copied-orders.ts'
import type { Proof } from './proof.ts'

/** Copies of a folder at work, file by file, in orders that are drawn. */
export const copies: Proof = {
  says: 'a folder that any tool copies in any order while its server works opens whole, or is refused',
  where: 'inside',
  unit: 'orders',
  lengths: { short: 60, full: 4000 },
  breaks: ['no-look'],
  async run({ seed, length, broken }) {
    const seeds = Array.from({ length }, (_, index) => seed * 1_000_000 + index)
    const trustsCopies = broken === 'no-look'
    const found = await copyInOrders(await beginning(), seeds, { trustsCopies })
    const { whole, refused, torn } = found
    return { text: `${length} orders: ${whole} whole, ${refused} refused`, violations: torn }
  },
}
