import { expect, test } from 'vitest'
import { bootRegistry, type RegistryEdge } from './registry-edge.ts'

const challenge = 'Basic realm="registry"'

function get(edge: RegistryEdge, authorization?: string): Promise<Response> {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
  return edge.client.send('GET', '/v2/', { headers })
}

const basic = (password: string): string =>
  `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`

test('callers with the password get in, and others are told why not', async () => {
  const edge = await bootRegistry(undefined, { PASSWORD: 'pass:wörd' })
  try {
    const unknown = await get(edge)
    expect([unknown.status, unknown.headers.get('www-authenticate')]).toEqual([401, challenge])
    for (const wrong of [basic('wrong'), basic(''), 'Basic abcde']) {
      const refused = await get(edge, wrong)
      expect(refused.status).toBe(401)
      expect(refused.headers.get('www-authenticate')).toBe(challenge)
      expect(await refused.text()).toContain('wrong user name or password')
    }
    expect((await get(edge, basic('pass:wörd'))).status).toBe(200)
    const headers = { authorization: basic('pass:wörd') }
    expect((await edge.client.send('GET', '/v2/_catalog', { headers })).status).toBe(200)
  } finally {
    await edge.end()
  }
})

test('a worker that was deployed without a password is closed', async () => {
  const edge = await bootRegistry(undefined, {})
  try {
    for (const password of ['', 'undefined']) {
      expect((await get(edge, basic(password))).status).toBe(401)
    }
    expect((await get(edge)).status).toBe(401)
    expect((await edge.client.send('POST', '/v2/a/blobs/uploads/')).status).toBe(401)
  } finally {
    await edge.end()
  }
})
