import { expect, test } from 'vitest'
import { createRegistry, type Peer } from '../../src/index.ts'
import { peerOf, setPeer } from '../../src/kit.ts'

test.each(['GET', 'HEAD'])('an access policy sees the peer of a %s', async (method) => {
  const seen: Peer[] = []
  const registry = createRegistry({
    access: {
      authenticate: async ({ peer }) => {
        seen.push(peer)
        return null
      },
      authorize: async (_, asks) => asks.map(() => 'deny' as const),
      challenge: () => 'Basic',
    },
  })
  const request = new Request('http://registry.test/v2/', { method })
  setPeer(request, { address: '192.0.2.7', secure: true })
  await registry.fetch(request)
  await registry.fetch(new Request('http://registry.test/v2/', { method }))

  expect(seen).toEqual([{ address: '192.0.2.7', secure: true }, {}])
})

test('a request of which nobody said where it came from has an empty peer', () => {
  expect(peerOf(new Request('http://registry.test/'))).toEqual({})
})
