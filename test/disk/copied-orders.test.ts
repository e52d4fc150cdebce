import { expect, test } from 'vitest'
import { beginning, copyInOrders } from './simulation/copied-orders.ts'

const short = 80
/** How many orders; thousands by hand: LAYERDOCK_ORDERS=10000. */
const orders = Number(process.env.LAYERDOCK_ORDERS ?? short)

function* seedsFrom(first: number, count: number): Generator<number> {
  for (let seed = first; seed < first + count; seed += 1) yield seed
}

test(
  'a folder that is copied file by file, in any order, while its server works, opens whole or is refused',
  async () => {
    const { whole, refused, torn } = await copyInOrders(await beginning(), seedsFrom(1, orders))
    if (orders > short)
      process.stdout.write(`${whole} whole, ${refused} refused, ${torn.length} torn\n`)
    expect(torn).toEqual([])
    expect(whole).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
  },
  60_000 + orders * 1000,
)

test('without a look at the bytes, some of them would open torn', async () => {
  const start = await beginning()
  const { torn } = await copyInOrders(start, seedsFrom(1, 20), { trustsCopies: true })
  expect(torn).not.toEqual([])
})
