import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digestLocks } from '../../src/core/digest-locks.ts'
import { sampleDigest } from '../../src/testing/index.ts'

const digest = sampleDigest(1)
const other = sampleDigest(2)

/** Work that ends when it is told to. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

/** Lets everything go on that can. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('digest locks', () => {
  test('sharers run beside each other', async () => {
    const locks = digestLocks()
    const [a, b] = [gate(), gate()]
    const log: string[] = []
    const work = (name: string, until: Promise<void>) => async () => {
      log.push(name)
      await until
    }
    const both = [
      locks.share(digest, work('a', a.opened)),
      locks.share(digest, work('b', b.opened)),
    ]
    await settle()
    expect(log).toEqual(['a', 'b'])
    a.open()
    b.open()
    await Promise.all(both)
  })

  test.each([
    ['exclude', 'exclude'],
    ['exclude', 'share'],
    ['share', 'exclude'],
  ] as const)('%s keeps %s out, however close behind it comes', async (first, second) => {
    const locks = digestLocks()
    const held = gate()
    let ran = false
    const holder = locks[first](digest, () => held.opened)
    const waiter = locks[second](digest, async () => {
      ran = true
    })
    await settle()
    expect(ran).toBe(false)
    held.open()
    await Promise.all([holder, waiter])
    expect(ran).toBe(true)
  })

  test('digests do not wait for each other', async () => {
    const locks = digestLocks()
    const held = gate()
    const holder = locks.exclude(digest, () => held.opened)
    expect(await locks.exclude(other, async () => 'ran')).toBe('ran')
    held.open()
    await holder
  })

  test('what fails lets go, and the failure is passed on', async () => {
    const locks = digestLocks()
    const fail = (): Promise<never> => Promise.reject(new Error('no'))
    await expect(locks.exclude(digest, fail)).rejects.toThrow('no')
    await expect(locks.share(digest, fail)).rejects.toThrow('no')
    await expect(
      locks.exclude(digest, () => {
        throw new Error('at once')
      }),
    ).rejects.toThrow('at once')
    expect(await locks.exclude(digest, async () => 1)).toBe(1)
  })

  test('a stream of sharers does not keep an excluder waiting for ever', async () => {
    const locks = digestLocks()
    const gates = [gate(), gate()]
    const first = locks.share(digest, () => gates[0]?.opened ?? Promise.resolve())
    await settle()
    let excluded = false
    const excluder = locks.exclude(digest, async () => {
      excluded = true
    })
    await settle()
    const second = locks.share(digest, () => gates[1]?.opened ?? Promise.resolve())
    await settle()
    gates[0]?.open()
    await settle()
    expect(excluded).toBe(true)
    gates[1]?.open()
    await Promise.all([first, excluder, second])
  })

  test('whatever the order, nobody runs beside an excluder and everybody runs', async () => {
    const step = fc.record({
      mode: fc.constantFrom('share' as const, 'exclude' as const),
      digest: fc.constantFrom(digest, other),
      fails: fc.boolean(),
      /** Turns of the microtask queue before it asks, and while it works. */
      before: fc.nat(6),
      during: fc.nat(6),
    })
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.scheduler(),
      async (steps, scheduler) => {
        const locks = digestLocks()
        const inside = new Map([digest, other].map((key) => [key, { share: 0, exclude: 0 }]))
        let ran = 0
        const runs = steps.map(async ({ mode, digest: key, fails, before, during }) => {
          for (let turn = 0; turn < before; turn += 1) await Promise.resolve()
          const counts = inside.get(key) ?? { share: 0, exclude: 0 }
          const check = (): void => {
            expect(counts.exclude).toBeLessThanOrEqual(1)
            if (counts.exclude === 1) expect(counts.share).toBe(0)
          }
          const run = locks[mode](key, async () => {
            counts[mode] += 1
            check()
            for (let turn = 0; turn < during; turn += 1) await Promise.resolve()
            if (during % 2 === 0) await scheduler.schedule(Promise.resolve())
            check()
            counts[mode] -= 1
            ran += 1
            if (fails) throw new Error('work failed')
          })
          await run.catch((error: Error) => {
            if (error.message !== 'work failed') throw error
          })
        })
        const all = Promise.all(runs)
        await scheduler.waitFor(all)
        expect(ran).toBe(steps.length)
      },
    )
    await fc.assert(property, { numRuns: 300 })
  })
})
