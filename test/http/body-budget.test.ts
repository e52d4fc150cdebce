import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { BodyBudget } from '../../src/http/body-budget.ts'
import { createRegistry } from '../../src/index.ts'
import { setPeer } from '../../src/kit.ts'
import { clientOf, controlledBody, expectError, ociManifest } from './client.ts'

const kib = 1024

describe('the memory of bodies that are read whole', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('small ones are not counted', () => {
    const budget = new BodyBudget(0)
    for (let count = 0; count < 1000; count += 1) {
      expect(budget.open('a').growTo(16 * kib)).toBeUndefined()
    }
  })

  test('one owner gets half, and the others the rest', () => {
    const budget = new BodyBudget(100 * kib)
    expect(budget.open('a').growTo(50 * kib)).toBeUndefined()
    expect(budget.open('a').growTo(20 * kib)).toBeInstanceOf(Promise)
    expect(budget.open('b').growTo(50 * kib)).toBeUndefined()
    expect(budget.open('c').growTo(20 * kib)).toBeInstanceOf(Promise)
  })

  test('a body that waits goes on as soon as another ends', async () => {
    const budget = new BodyBudget(100 * kib)
    const first = budget.open(null)
    expect(first.growTo(100 * kib)).toBeUndefined()
    const second = budget.open(null)
    const waiting = second.growTo(40 * kib)
    first.release()
    await waiting
    expect(second.growTo(100 * kib)).toBeUndefined()
    second.release()
    expect(budget.open(null).growTo(100 * kib)).toBeUndefined()
  })

  test('few wait, so that what the runtime read ahead of them stays little', async () => {
    const budget = new BodyBudget(100 * kib)
    expect(budget.open('a').growTo(50 * kib)).toBeUndefined()
    const waiting = Array.from({ length: 16 }, () => budget.open('a').growTo(20 * kib))
    const refused = { kind: 'tooManyRequests', headers: { 'Retry-After': '5' } }
    await expect(budget.open('a').growTo(20 * kib)).rejects.toMatchObject(refused)
    // Another owner has its own half, and its own places in the queue.
    expect(budget.open('b').growTo(50 * kib)).toBeUndefined()
    const late = Promise.allSettled([...waiting, budget.open('b').growTo(20 * kib)])
    await vi.advanceTimersByTimeAsync(11_000)
    expect((await late).every(({ status }) => status === 'rejected')).toBe(true)
  })

  test('one that waits too long is refused, and takes nothing', async () => {
    const budget = new BodyBudget(100 * kib)
    const first = budget.open(null)
    expect(first.growTo(100 * kib)).toBeUndefined()
    const waiting = budget.open(null).growTo(40 * kib)
    const refused = expect(waiting).rejects.toMatchObject({ kind: 'tooManyRequests' })
    await vi.advanceTimersByTimeAsync(11_000)
    await refused
    first.release()
    expect(budget.open(null).growTo(100 * kib)).toBeUndefined()
  })
})

test('stalled pushes of large manifests hold no more than the budget, and no small ones', async () => {
  const limits = { manifestBytes: 512 * kib, manifestBodyBytes: 1024 * kib }
  const registry = createRegistry({ limits })
  const from = (address: string, body: ReadableStream<Uint8Array>): Promise<Response> => {
    const init = { method: 'PUT', body, duplex: 'half' }
    const request = new Request('http://registry.test/v2/app/manifests/x', init)
    setPeer(request, { address })
    return Promise.resolve(registry.fetch(request))
  }
  const taken: number[] = []
  const bodies = Array.from({ length: 40 }, () => {
    let sent = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (sent >= 448 * kib) return new Promise<void>(() => {})
          sent += 64 * kib
          taken.push(64 * kib)
          controller.enqueue(new Uint8Array(64 * kib))
        },
      },
      { highWaterMark: 0 },
    )
    void from('192.0.2.1', body)
    return body
  })
  const small = controlledBody()
  small.push('{}')
  small.end()
  const answer = await from('192.0.2.2', small.stream)
  expect(answer.status).toBe(400)
  // Half of the budget for one address, and for each body the chunk it waits with.
  const bound = 512 * kib + bodies.length * 2 * 64 * kib
  expect(taken.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(bound)
})

test('the largest manifest has room, however little memory was asked for', async () => {
  const limits = { manifestBytes: 1024 * kib, manifestBodyBytes: 64 * kib }
  const { send } = clientOf(createRegistry({ limits }))
  const headers = { 'Content-Type': ociManifest }
  const large = await send('PUT', '/v2/app/manifests/x', { headers, body: ' '.repeat(900 * kib) })
  await expectError(large, 400, 'MANIFEST_INVALID')
})
