import { createRegistry } from 'layerdock'
import { holdToQuotas } from 'layerdock/access'
import { type RegistryFetch, registryContract } from 'layerdock/testing'
import { expect, test } from 'vitest'
import { clientOf, digestOf, expectError } from '../http/client.ts'

const { registry } = await import('../../examples/repository-quota.ts')

test('examples/repository-quota.ts: an image is pushed', async () => {
  const { digest } = await clientOf(registry).pushImage('app', 'v1')
  expect(digest).toMatch(/^sha256:/)
})

test('a blob of more than the quota is refused before its bytes', async () => {
  const path = `/v2/app/blobs/uploads/?digest=${digestOf('x')}`
  const headers = { 'Content-Length': String(2 * 1024 ** 3) }
  const sent = { headers, body: new ReadableStream<Uint8Array>() }
  const [error] = await expectError(
    await clientOf(registry).send('POST', path, sent),
    403,
    'DENIED',
  )
  expect(error?.message).toContain('its quota is 1073741824')
})

test.each(registryContract)('a registry with quotas: $name', async ({ run }) => {
  const make = (): RegistryFetch => createRegistry({ wrap: holdToQuotas(() => 1e12) }).fetch
  await run(make)
})
