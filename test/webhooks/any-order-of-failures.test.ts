import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Answer, DeliveryFailed, webhooksOf } from '../../src/webhooks/index.ts'
import { runs } from '../sample.ts'
import { type Delivered, makeWorld, ok } from './world.ts'

const names = ['one', 'two', 'three']
const repositories = ['a', 'b/c', 'd']

type Step =
  | { readonly kind: 'push'; readonly repository: string; readonly tags: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'restart'; readonly graceMs: number }

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('push' as const),
      repository: fc.constantFrom(...repositories),
      tags: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 30_000 }) }),
    fc.record({
      kind: fc.constant('restart' as const),
      graceMs: fc.constantFrom(0, 100, 20_000),
    }),
  ),
  { maxLength: 25 },
)

/** What receivers answer, one after the other. */
const answers = fc.array(fc.constantFrom('ok', 'busy', 'wait', 'silent', 'closed'), {
  minLength: 1,
  maxLength: 40,
})

function answered(word: string | undefined): Promise<Answer> {
  switch (word) {
    case 'busy':
      return Promise.resolve({ status: 503, retryAfterMs: null })
    case 'wait':
      return Promise.resolve({ status: 429, retryAfterMs: 5000 })
    case 'silent':
      return new Promise<never>(() => {})
    case 'closed':
      return Promise.reject(new DeliveryFailed('the receiver closed the connection'))
    default:
      return Promise.resolve(ok)
  }
}

test('whatever receivers answer, and whenever a process ends, each push arrives, in order', async () => {
  await fc.assert(
    fc.asyncProperty(steps, answers, async (plan, words) => {
      let next = 0
      let isKind = false
      const arrived: Delivered[] = []
      const receive = async (delivered: Delivered): Promise<Answer> => {
        const word = isKind ? 'ok' : words[next++ % words.length]
        const answer = await answered(word)
        if (answer.status === 200) arrived.push(delivered)
        return answer
      }
      const world = makeWorld(
        names.map((name) => ({ name, concurrency: 2 })),
        receive,
      )
      const { timing, stores } = world
      let hooks = world.webhooks
      hooks.deliver(stores)
      const pushed: string[] = []
      for (const step of plan) {
        if (step.kind === 'pass') await timing.pass(step.ms)
        else if (step.kind === 'push') {
          const tags = Array.from({ length: step.tags }, (_, index) => `${pushed.length + index}`)
          pushed.push(...tags.map((tag) => `${step.repository}:${tag}`))
          await world.push(step.repository, ...tags)
        } else {
          const stopped = hooks.stop(step.graceMs)
          await timing.pass(step.graceMs)
          await stopped
          hooks = webhooksOf(world.webhooks.settings, { timing, send: world.send })
          hooks.deliver(stores)
        }
      }
      isKind = true
      await timing.pass(3_600_000)
      const stopped = hooks.stop(0)
      await timing.pass(0)
      await stopped
      for (const name of names) {
        for (const repository of repositories) {
          const tags = arrived
            .filter((each) => each.endpoint === name && each.repository === repository)
            .map(({ tag }) => `${repository}:${tag}`)
          expect([...new Set(tags)]).toEqual(
            pushed.filter((each) => each.startsWith(`${repository}:`)),
          )
        }
      }
    }),
    { numRuns: runs(40) },
  )
})
