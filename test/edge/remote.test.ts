import { expect, test } from 'vitest'
import { remote, unavailable } from '../../examples/cloudflare/remote.ts'

interface Store {
  find(one: number, other: number): Promise<number>
}

function failing(message: string, details: object = {}): Store {
  const error = Object.assign(new Error(message), details)
  return remote<Store>(() => ({ find: () => Promise.reject(error) }))
}

test('a call goes to the store, which is asked for each time', async () => {
  let stubs = 0
  const store = remote<Store>(() => {
    stubs += 1
    return { find: async (one, other) => one + other }
  })
  expect([await store.find(1, 2), await store.find(3, 4)]).toEqual([3, 7])
  expect(stubs).toBe(2)
  expect(await Promise.resolve(store)).toBe(store)
})

test('what the store does not have is not there', async () => {
  const store = remote<Partial<Store> & { other?(): void }>(() => ({}), ['other'])
  expect([typeof store.find, store.other]).toEqual(['function', undefined])
})

test.each([
  ['an object that was moved', { retryable: true }],
  ['an object that has too much to do', { overloaded: true }],
  ['an object that was restarted', { durableObjectReset: true }],
])('%s is unavailable', async (message, details) => {
  const call = failing(message, { remote: true, ...details }).find(1, 2)
  await expect(call).rejects.toMatchObject({ kind: 'unavailable', cause: { message } })
})

test('so is what the store itself calls unavailable', async () => {
  const call = failing(`${unavailable}the key is gone`).find(1, 2)
  await expect(call).rejects.toMatchObject({ kind: 'unavailable' })
})

test('full tables are a full store', async () => {
  const call = failing('database or disk is full: SQLITE_FULL').find(1, 2)
  await expect(call).rejects.toMatchObject({ kind: 'storageFull' })
})

test('other errors stay as they are', async () => {
  const call = failing('no such table', { remote: true }).find(1, 2)
  await expect(call).rejects.toThrow(/^no such table$/)
})
