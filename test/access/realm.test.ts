import { expect, test } from 'vitest'
import { setPeer } from '../../src/http/peer.ts'
import { service, tokenRegistry } from './token-registry.ts'

test('behind a proxy that speaks TLS, clients are sent to https for tokens', async () => {
  const request = new Request(`http://${service}:8443/v2/`)
  setPeer(request, { address: '203.0.113.7', secure: true })
  const answer = await tokenRegistry().fetch(request)
  expect(answer.headers.get('www-authenticate')).toBe(
    `Bearer realm="https://${service}:8443/v2/_layerdock/token",service="${service}"`,
  )
})
