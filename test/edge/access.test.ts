import { expect, test } from 'vitest'
import { bootRegistry, type RegistryEdge } from './registry-edge.ts'

async function status(edge: RegistryEdge, password?: string): Promise<number> {
  const basic = `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`
  const headers: Record<string, string> = password === undefined ? {} : { authorization: basic }
  return (await edge.client.send('GET', '/v2/', { headers })).status
}

test('with a password, those who have it get in', async () => {
  const edge = await bootRegistry(undefined, { PASSWORD: 'pass:wörd' })
  try {
    const unknown = await edge.client.send('GET', '/v2/')
    expect(unknown.status).toBe(401)
    expect(unknown.headers.get('www-authenticate')).toBe('Basic realm="registry"')
    expect(await status(edge, 'wrong')).toBe(401)
    expect(await status(edge, '')).toBe(401)
    const garbled = { authorization: 'Basic abcde' }
    expect((await edge.client.send('GET', '/v2/', { headers: garbled })).status).toBe(401)
    expect(await status(edge, 'pass:wörd')).toBe(200)
  } finally {
    await edge.end()
  }
})

test('a worker that was deployed without a password is closed', async () => {
  const edge = await bootRegistry(undefined, {})
  try {
    for (const password of [undefined, '', 'undefined'])
      expect(await status(edge, password)).toBe(401)
    expect((await edge.client.send('POST', '/v2/a/blobs/uploads/')).status).toBe(401)
  } finally {
    await edge.end()
  }
})
