import { expect, test } from 'vitest'
import { RegistryError } from '../../src/index.ts'
import { equals, rejectsWith } from '../../src/testing/contract.ts'
import { type ContractCase, casesFor } from '../../src/testing/index.ts'

function named(name: string, needs: ContractCase<never>['needs']): ContractCase<never> {
  return { name, needs, run: async () => {} }
}

test('a store is held to the cases it supports, and told why not to the others', () => {
  const contract = [
    named('plain', []),
    named('again', ['reopen']),
    named('both', ['reopen', 'presign']),
  ]
  const { runnable, unsupported } = casesFor(contract, { reopen: true, presign: false })
  expect(runnable.map(({ name }) => name)).toEqual(['plain', 'again'])
  expect(unsupported).toEqual([
    { name: 'both', reason: 'needs presign, which this store does not support' },
  ])
  const none = casesFor(contract, {})
  expect(none.runnable.map(({ name }) => name)).toEqual(['plain'])
  expect(none.unsupported[1]?.reason).toBe(
    'needs reopen and presign, which this store does not support',
  )
})

test('an expected error is one of its kind', async () => {
  const unavailable = () => Promise.reject(new RegistryError('unavailable'))
  await rejectsWith('unavailable', unavailable, 'reading')
  await expect(rejectsWith('storageFull', unavailable, 'reading')).rejects.toThrow(
    /reading: expected RegistryError storageFull/,
  )
  await expect(rejectsWith('unavailable', async () => 7, 'reading')).rejects.toThrow('got 7')
})

test('what is alike is alike in every part', () => {
  equals({ a: 1, b: undefined }, { a: 1 }, 'a field')
  equals(new Uint8Array([1, 2]), new Uint8Array([1, 2]), 'bytes')
  for (const [one, two] of [
    [{ a: 1 }, { a: 1, b: null }],
    [[1], { 0: 1 }],
    [new Uint8Array([1]), new Uint8Array([2])],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }],
  ]) {
    expect(() => equals(one, two, 'it')).toThrow('it: expected')
  }
})
