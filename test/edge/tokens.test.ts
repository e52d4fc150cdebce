import { expect, test } from 'vitest'
import { bootEdge } from './edge.ts'

test('a worker gives tokens, and believes its own', async () => {
  const edge = await bootEdge({}, 'test/edge/tokens-worker.ts')
  try {
    const headers = { Authorization: `Basic ${btoa('ann:secret')}` }
    const at = (path: string, more: RequestInit = {}): Promise<Response> =>
      edge.fetch(new Request(`http://edge${path}`, more))
    const path = '/v2/_layerdock/token?scope=repository:app:pull,push'
    const answer = await at(path, { headers })
    expect(answer.status).toBe(200)
    const { token } = (await answer.json()) as { token: string }
    const bearer = { headers: { Authorization: `Bearer ${token}` } }
    expect((await at('/v2/app/tags/list', bearer)).status).toBe(404)
    expect((await at('/v2/other/tags/list', bearer)).status).toBe(401)
    const forged = { headers: { Authorization: `Bearer ${token.slice(0, -8)}AAAAAAAA` } }
    expect((await at('/v2/app/tags/list', forged)).status).toBe(401)
  } finally {
    await edge.end()
  }
})
