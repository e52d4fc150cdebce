import { expect, it } from 'vitest'
import { inFairTurns } from '../../adapters/serving/turns.ts'
import { setPeer } from '../../src/kit.ts'

/** A request of an address; the registry below notes its path. */
function from(address: string, path: string): Request {
  const request = new Request(`http://registry.test${path}`)
  setPeer(request, { address })
  return request
}

/** Something that keeps the thread for so long, and notes what it answers. */
function busyRegistry(milliseconds: number): {
  fetch: (request: Request) => Response
  seen: string[]
} {
  const seen: string[] = []
  const fetch = (request: Request): Response => {
    const until = performance.now() + milliseconds
    while (performance.now() < until);
    seen.push(new URL(request.url).pathname)
    return new Response(null, { status: 204 })
  }
  return { fetch, seen }
}

it('requests begin at once while the thread keeps up', () => {
  const registry = busyRegistry(0)
  const fetch = inFairTurns(registry)
  expect(fetch(from('192.0.2.1', '/a'))).toBeInstanceOf(Response)
  expect(registry.seen).toEqual(['/a'])
})

it('addresses take turns once it does not, whatever each has sent', async () => {
  const registry = busyRegistry(0.2)
  const fetch = inFairTurns(registry)
  const flood = Array.from({ length: 300 }, (_, at) => fetch(from('192.0.2.1', `/flood/${at}`)))
  const begunAtOnce = registry.seen.length
  expect(begunAtOnce).toBeLessThan(50)
  const others = ['/b', '/c'].flatMap((name, at) =>
    [1, 2].map((part) => fetch(from(`192.0.2.${2 + at}`, `${name}/${part}`))),
  )
  await Promise.all([...flood, ...others])
  expect(
    registry.seen.slice(begunAtOnce, begunAtOnce + 6).map((path) => path.replace(/\d+$/, '')),
  ).toEqual(['/flood/', '/b/', '/c/', '/flood/', '/b/', '/c/'])
  const ofFlood = registry.seen.filter((path) => path.startsWith('/flood/'))
  expect(ofFlood).toEqual(Array.from({ length: 300 }, (_, at) => `/flood/${at}`))
})

it('more than 1,024 of one address are refused, and others are not', async () => {
  const registry = busyRegistry(0.2)
  const fetch = inFairTurns(registry)
  const flood = Array.from({ length: 1200 }, (_, at) => fetch(from('192.0.2.1', `/${at}`)))
  const other = fetch(from('192.0.2.2', '/other'))
  const statuses = (await Promise.all(flood)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 204)).toHaveLength(registry.seen.length - 1)
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(100)
  expect(statuses.at(-1)).toBe(503)
  expect((await other).status).toBe(204)
})
