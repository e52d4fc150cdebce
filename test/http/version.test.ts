import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { always, type Client, clientOf, expectError, headersOf } from './client.ts'
import { type MadeRegistry, registries } from './registries.ts'

describe.each(registries)('the version check on $name', ({ make }) => {
  let made: MadeRegistry
  let client: Client
  beforeEach(async () => {
    made = await make()
    client = clientOf(made.registry)
  })
  afterEach(() => made.end())

  const headers = { ...always, 'content-type': 'application/json', 'content-length': '2' }

  test.each(['/v2/', '/v2'])('GET %s says that this is a registry', async (path) => {
    const response = await client.send('GET', path)
    expect(response.status).toBe(200)
    expect(headersOf(response)).toEqual(headers)
    expect(await response.text()).toBe('{}')
  })

  test('HEAD says the same without a body', async () => {
    const response = await client.send('HEAD', '/v2/')
    expect(response.status).toBe(200)
    expect(headersOf(response)).toEqual(headers)
    expect(response.body).toBeNull()
  })

  test('OPTIONS says the same, for the health checks of HAProxy', async () => {
    const response = await client.send('OPTIONS', '/v2/')
    expect(response.status).toBe(200)
    expect(headersOf(response)).toEqual(headers)
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s is no method of it', async (method) => {
    await expectError(await client.send(method, '/v2/'), 405, 'UNSUPPORTED', {
      allow: 'GET, HEAD, OPTIONS',
    })
  })

  test.each(['/', '/v1/', '/v2/x', '/v2/x/y', '/v20/', '/V2/', '/v2/a/blobs/', '/v2/tags/list'])(
    '%s is no endpoint',
    async (path) => {
      await expectError(await client.send('GET', path), 404, 'UNSUPPORTED')
    },
  )
})
