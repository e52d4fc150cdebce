import { describe, expect, test } from 'vitest'
import type { Access, RequestReport } from '../../src/index.ts'
import { createRegistry } from '../../src/index.ts'

const base = 'http://registry.test'

const access: Access = {
  authenticate: async () => {
    throw new Error('the token endpoint finds out by itself who calls')
  },
  authorize: async (_, asks) => asks.map(() => ({ decision: 'deny', rule: 'rule 3' })),
  challenge: () => 'Basic realm="test"',
  token: async (request) => ({
    response: new Response(`${request.method} ${await request.text()}`),
    principal: { id: 'ann' },
    rule: 'htpasswd',
  }),
}

describe('the token endpoint', () => {
  test('is answered by the access, with the request unread', async () => {
    const reports: RequestReport[] = []
    const registry = createRegistry({ access, observe: (report) => reports.push(report) })
    const answer = await registry.fetch(
      new Request(`${base}/v2/_layerdock/token`, { method: 'POST', body: 'grant_type=password' }),
    )
    expect(await answer.text()).toBe('POST grant_type=password')
    expect(reports).toMatchObject([
      { route: '/v2/_layerdock/token', principal: { id: 'ann' }, rule: 'htpasswd', status: 200 },
    ])
  })

  test('is not there without an access, or with one that has no tokens', async () => {
    const { token: _, ...without } = access
    for (const registry of [createRegistry(), createRegistry({ access: without })]) {
      const answer = await registry.fetch(new Request(`${base}/v2/_layerdock/token`))
      expect(answer.status).toBe(404)
    }
  })
})

test('a refusal says what the ruling says, and the report names its rule', async () => {
  const reports: RequestReport[] = []
  const registry = createRegistry({
    access: {
      ...access,
      authenticate: async () => null,
      authorize: async (_, asks) =>
        asks.map(() => ({ decision: 'deny', rule: 'rule 3', message: 'only the CI may push' })),
    },
    observe: (report) => reports.push(report),
  })
  const answer = await registry.fetch(new Request(`${base}/v2/app/tags/list`))
  expect(answer.status).toBe(403)
  expect(await answer.text()).toContain('only the CI may push')
  expect(reports).toMatchObject([{ rule: 'rule 3', errorCode: 'DENIED' }])
})

test('a decision that is not one of the words refuses', async () => {
  for (const decision of [undefined, null, 'yes', {}, { decision: 'yes' }] as never[]) {
    const registry = createRegistry({
      access: { ...access, authenticate: async () => null, authorize: async () => [decision] },
    })
    const answer = await registry.fetch(new Request(`${base}/v2/app/tags/list`))
    expect(answer.status).toBe(403)
  }
})
