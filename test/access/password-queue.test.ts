import { expect, it } from 'vitest'
import type { VerifyPassword } from '../../src/access/htpasswd.ts'
import { type PasswordQueueOptions, queuePasswords } from '../../src/access/password-queue.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'

/** A queue whose checks end when the test says so. */
function heldQueue(options: PasswordQueueOptions = {}) {
  /** The checks that have begun, as `address user`. */
  const begun: string[] = []
  let end: (isRight: boolean) => void = () => {}
  const verify: VerifyPassword = (_password, _hash, { user, address }) => {
    begun.push(`${address} ${user}`)
    return new Promise((resolve) => {
      end = resolve
    })
  }
  const queued = queuePasswords(verify, options)
  const refused: string[] = []
  return {
    begun,
    refused,
    login(address: string, user = 'user'): Promise<boolean | null> {
      return queued('password', 'hash', { user, address }).catch((error: unknown) => {
        expect(error).toBeInstanceOf(RegistryError)
        expect(error).toMatchObject({ status: 429, headers: { 'Retry-After': '5' } })
        refused.push(`${address} ${user}`)
        return null
      })
    },
    /** Ends the check that runs, and lets the next begin. */
    async next(isRight = false): Promise<void> {
      end(isRight)
      await settled()
    },
  }
}

/** Once everything that waits for no check has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('runs one check at a time, and gives each its own result', async () => {
  const { login, next, begun } = heldQueue()
  const [first, second] = [login('a', 'x'), login('b', 'y')]
  expect(begun).toEqual(['a x'])
  await next(true)
  expect(begun).toEqual(['a x', 'b y'])
  await next(false)
  expect([await first, await second]).toEqual([true, false])
  void login('c')
  expect(begun).toHaveLength(3)
})

it('goes on after a check that fails', async () => {
  const queued = queuePasswords(async (password) => {
    if (password === 'broken') throw new Error('broken')
    return true
  })
  const attempt = { user: 'a', address: undefined }
  const results = await Promise.allSettled([
    queued('broken', '', attempt),
    queued('x', '', attempt),
    queued('broken', '', attempt),
  ])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected'])
  expect(await queued('x', '', attempt)).toBe(true)
})

it('lets addresses take turns', async () => {
  const { login, next, begun } = heldQueue()
  for (let n = 0; n < 4; n++) void login('flood', `user${n}`)
  void login('one')
  void login('two')
  void login('one', 'second')
  for (let n = 0; n < 7; n++) await next()
  expect(begun.map((name) => name.split(' ')[0])).toEqual([
    'flood',
    'one',
    'two',
    'flood',
    'one',
    'flood',
    'flood',
  ])
})

it('does not let new addresses starve one that waits', async () => {
  const { login, next, begun } = heldQueue()
  void login('a')
  void login('a', 'second')
  for (let n = 0; n < 10; n++) {
    void login(`new${n}`, `user${n}`)
    await next()
  }
  expect(begun.indexOf('a second')).toBeLessThan(4)
})

it('counts an IPv6 network as one address', async () => {
  const { login, refused } = heldQueue({ waiting: 64, waitingPerCaller: 2 })
  void login('2001:db8::1', 'running')
  for (const end of [2, 3, 4]) void login(`2001:db8::${end}`, `user${end}`)
  await settled()
  expect(refused).toEqual(['2001:db8::4 user4'])
})

it('refuses what one address has beyond its share', async () => {
  const { login, refused } = heldQueue()
  for (let n = 0; n < 20; n++) void login('flood', `user${n}`)
  void login('other')
  await settled()
  // One runs and 16 wait.
  expect(refused).toEqual(['flood user17', 'flood user18', 'flood user19'])
})

it('refuses what one user has beyond the share, from wherever it comes', async () => {
  const { login, refused } = heldQueue()
  for (let n = 0; n < 20; n++) void login(`address${n}`, 'alice')
  void login('other', 'bob')
  await settled()
  expect(refused).toEqual(['address17 alice', 'address18 alice', 'address19 alice'])
})

it('takes a user first who logged in from that address before', async () => {
  const { login, next, begun, refused } = heldQueue()
  void login('home', 'alice')
  await next(true)
  for (let n = 0; n < 20; n++) void login(`address${n}`, 'alice')
  void login('home', 'alice')
  await settled()
  expect(refused).not.toContain('home alice')
  await next()
  expect(begun.at(-1)).toBe('home alice')
  // A wrong password takes that away.
  await next(false)
  void login('last', 'alice')
  void login('home', 'alice')
  await settled()
  expect(refused).not.toContain('last alice')
  expect(refused).toContain('home alice')
})

it('has the newest check of the busiest address make way when it is full', async () => {
  const { login, refused } = heldQueue({ waiting: 8, waitingPerCaller: 4 })
  void login('running')
  for (let n = 0; n < 4; n++) void login('one', `user${n}`)
  for (let n = 4; n < 8; n++) void login('two', `user${n}`)
  void login('three', 'carol')
  void login('three', 'dave')
  await settled()
  expect(refused).toEqual(['one user3', 'two user7'])
  for (let n = 0; n < 3; n++) void login(`new${n}`, `new${n}`)
  await settled()
  expect(refused).toHaveLength(5)
  expect(refused.every((name) => /^(?:one|two|three) /.test(name))).toBe(true)
})

it('refuses a newcomer where it is full of single checks', async () => {
  const { login, refused } = heldQueue({ waiting: 8, waitingPerCaller: 4 })
  for (let n = 0; n < 10; n++) void login(`address${n}`, `user${n}`)
  await settled()
  expect(refused).toEqual(['address9 user9'])
})
