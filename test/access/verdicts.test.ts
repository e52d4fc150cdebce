import { expect, it } from 'vitest'
import type { LoginResult } from '../../src/access/login.ts'
import { keepVerdicts, type VerdictOptions } from '../../src/access/verdicts.ts'

const alice: LoginResult = { principal: { id: 'alice' } }
const wrong: LoginResult = { rejected: true }

/** Verdicts with a clock and a generation that the test sets, and the checks that were made. */
function kept(options: Partial<VerdictOptions> = {}) {
  const state = { now: 0, generation: 0, checks: 0 }
  const verdicts = keepVerdicts({
    keepMs: 30_000,
    keepWrongMs: 5_000,
    clock: () => state.now,
    generation: () => state.generation,
    ...options,
  })
  return {
    state: Object.assign(state, { verdicts }),
    find: verdicts.find,
    of: async (text: string, result: LoginResult = alice, header?: string) =>
      verdicts.of(
        text,
        async () => {
          state.checks += 1
          return result
        },
        header,
      ),
  }
}

it('keeps right verdicts for long and wrong ones for short', async () => {
  const { state, of } = kept()
  await of('right')
  await of('wrong', wrong)
  state.now = 4_999
  expect([await of('right'), await of('wrong', wrong)]).toEqual([alice, wrong])
  expect(state.checks).toBe(2)
  state.now = 5_000
  await of('wrong', wrong)
  expect(state.checks).toBe(3)
  state.now = 30_000
  await of('right')
  expect(state.checks).toBe(4)
})

it('does not keep a verdict longer than it is true', async () => {
  const { state, of, find } = kept()
  await of('token', { ...alice, expiresAt: 1_000 }, 'Bearer token')
  expect(find('Bearer token')).toMatchObject(alice)
  state.now = 1_000
  expect(find('Bearer token')).toBeUndefined()
  await of('token')
  expect(state.checks).toBe(2)
})

it.each([
  'Basic YWxpY2U6cGFzc3dvcmQ=',
  `Bearer ey${'J'.repeat(300)}`,
  `Bearer ey${'J'.repeat(3000)}`,
])('finds right credentials by their header: %.20s', async (header) => {
  const { state, of, find } = kept()
  expect(find(header)).toBeUndefined()
  await of('right', alice, header)
  expect(find(header)).toBe(alice)
  expect(find(`${header}x`)).toBeUndefined()
  expect(find(header.toLowerCase())).toBeUndefined()
  // Found by a header is not kept for longer.
  state.now = 19_999
  await of('right', alice, `${header}2`)
  state.now = 30_000
  expect([find(header), find(`${header}2`)]).toEqual([undefined, undefined])
  expect(state.checks).toBe(1)
})

it('takes no token for another that ends alike', async () => {
  const { of, find } = kept()
  const [one, other] = ['a', 'b'].map((claims) => `Bearer ey${claims}${'J'.repeat(300)}`)
  await of('one', alice, one)
  expect(find(other ?? '')).toBeUndefined()
  const bob: LoginResult = { principal: { id: 'bob' } }
  await of('other', bob, other)
  expect(find(other ?? '')).toBe(bob)
  expect(find(one ?? '')).not.toBe(bob)
})

it('does not look for a header that is very long', async () => {
  const { of, find } = kept()
  const header = `Bearer ey${'J'.repeat(8_000)}`
  await of('right', alice, header)
  expect(find(header)).toBeUndefined()
})

it('finds no wrong credentials by their header', async () => {
  const { of, find } = kept()
  await of('wrong', wrong, 'Basic wrong')
  expect(find('Basic wrong')).toBeUndefined()
})

it('forgets all of them when a login has changed', async () => {
  const { state, of, find } = kept()
  await of('right', alice, 'Basic right')
  state.generation = 1
  expect(find('Basic right')).toBeUndefined()
  expect(await of('right', wrong)).toEqual(wrong)
})

it('does not keep what was true of a login before it changed', async () => {
  const { state, of } = kept()
  let end = (_: LoginResult): void => {}
  const verdicts = keepVerdicts({
    keepMs: 30_000,
    keepWrongMs: 5_000,
    clock: () => 0,
    generation: () => state.generation,
  })
  const slow = verdicts.of('right', () => new Promise((resolve) => (end = resolve)), 'Basic right')
  state.generation = 1
  end(alice)
  await slow
  expect(verdicts.find('Basic right')).toBeUndefined()
  await of('right')
})

it('checks credentials once that come many times at once', async () => {
  const { state, of, find } = kept()
  const headers = ['Basic one', 'basic two']
  await Promise.all(headers.map((header) => of('right', alice, header)))
  expect(state.checks).toBe(1)
  expect(headers.map(find)).toEqual([alice, alice])
})

it('keeps no verdict of a check that failed', async () => {
  const { of, state } = kept()
  const verdicts = keepVerdicts({
    keepMs: 1,
    keepWrongMs: 1,
    clock: () => 0,
    generation: () => 0,
  })
  const failing = async (): Promise<LoginResult> => {
    throw new Error('queue is full')
  }
  await expect(verdicts.of('right', failing)).rejects.toThrow('queue is full')
  expect(await verdicts.of('right', async () => alice)).toBe(alice)
  await of('right')
  expect(state.checks).toBe(1)
})

it('keeps right credentials through a flood of wrong ones', async () => {
  const { state, of, find } = kept()
  await of('right', alice, 'Basic right')
  for (let n = 0; n < 20_000; n++) await of(`wrong${n}`, wrong, `Basic wrong${n}`)
  expect(find('Basic right')).toBe(alice)
  await of('right')
  expect(state.checks).toBe(20_001)
  // The newest of the wrong ones are kept, and no more than that.
  await of('wrong19999', wrong)
  expect(state.checks).toBe(20_001)
  await of('wrong18000', wrong)
  expect(state.checks).toBe(20_002)
})

it('lets the oldest of very many right ones go', async () => {
  const { of, find } = kept()
  for (let n = 0; n < 5_000; n++) await of(`right${n}`, alice, `Basic right${n}`)
  expect(find('Basic right0')).toBeUndefined()
  expect(find('Basic right4999')).toBe(alice)
})

it('renews the verdict on credentials that are in use, while the one before still counts', async () => {
  const { state, of, find } = kept()
  await of('right', alice, 'Basic right')
  state.now = 19_999
  expect(find('Basic right')).toBe(alice)
  state.now = 20_000
  expect(find('Basic right')).toBeUndefined()
  const again: LoginResult = { principal: { id: 'alice' } }
  let renew = (_: LoginResult): void => {}
  const renewed = new Promise<LoginResult>((resolve) => {
    renew = resolve
  })
  const verdicts = state.verdicts
  expect(verdicts.of('right', () => renewed, 'Basic right')).toBe(alice)
  // Nobody waits for it, and nobody starts another.
  expect(find('Basic right')).toBe(alice)
  expect(await of('right')).toBe(alice)
  renew(again)
  await renewed
  await Promise.resolve()
  state.now = 30_000
  expect(await of('right', alice, 'Basic right')).toBe(again)
  expect(find('Basic right')).toBe(again)
  expect(state.checks).toBe(1)
})

it('believes credentials no longer that turn out wrong when they are renewed', async () => {
  const { state, of, find } = kept()
  await of('right', alice, 'Basic right')
  state.now = 20_000
  expect(await of('right', wrong)).toBe(alice)
  await Promise.resolve()
  expect(await of('right', alice)).toBe(wrong)
  state.now = 29_999
  await of('right', wrong)
  state.now = 30_000
  expect(find('Basic right')).toBeUndefined()
})

it('checks again at the end of a verdict that could not be renewed', async () => {
  const { state, of } = kept()
  await of('right')
  state.now = 20_000
  const failing = state.verdicts.of('right', () => Promise.reject(new Error('too many')))
  expect(failing).toBe(alice)
  await Promise.resolve()
  expect(await of('right')).toBe(alice)
  state.now = 30_000
  await of('right')
  expect(state.checks).toBe(2)
})
