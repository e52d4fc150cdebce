import { expect, test } from 'vitest'
import { Shares } from '../../src/ui/shares.ts'

test('a share counts until it is given back', () => {
  const shares = new Shares()
  const giveBack = shares.take('one', 60_000)
  shares.take('one', 60_000)
  shares.take(null, 60_000)
  expect([shares.all, shares.of('one'), shares.of(null), shares.of('other')]).toEqual([3, 2, 1, 0])
  expect(shares.owners()).toEqual(['one', 'one', null])
  giveBack()
  giveBack()
  expect([shares.all, shares.of('one')]).toEqual([2, 1])
})

test('a share whose time is over counts nowhere', () => {
  const shares = new Shares()
  shares.take('one', 0)
  expect(shares.of('one')).toBe(0)
  expect(shares.owners()).toEqual([])
  expect(shares.all).toBe(0)
})
