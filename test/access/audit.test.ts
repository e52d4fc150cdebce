import { describe, expect, test } from 'vitest'
import { type AuditRecord, auditRecord } from '../../src/access/index.ts'
import { type Access, createRegistry, type Registry } from '../../src/index.ts'
import { type Client, clientOf, descriptorOf, digestOf, ociConfig } from '../http/client.ts'

/** A registry whose requests are audited, clients of it by user, and the records there are so far. */
interface Audited {
  readonly registry: Registry
  readonly records: AuditRecord[]
  as(user: string | null): Client
}

function audited(): Audited {
  const records: AuditRecord[] = []
  const registry = createRegistry({
    access,
    observe(report) {
      const record = auditRecord(report, Date.UTC(2026, 0, 2))
      if (record !== null) records.push(record)
    },
  })
  const as = (user: string | null): Client =>
    clientOf(registry, user === null ? {} : { Authorization: user })
  return { registry, records, as }
}

/** Lets the user `ann` do everything; another may only pull. */
const access: Access = {
  async authenticate({ headers }) {
    const user = headers.get('authorization')
    if (user === 'wrong') return { rejected: true }
    return user === null ? null : { id: user, details: { login: 'htpasswd', token: 'ci' } }
  },
  async authorize(principal, asks) {
    const rule = `rule for ${principal?.id ?? 'anonymous'}`
    return asks.map(({ action }) => ({
      decision:
        principal === null
          ? 'login'
          : principal.id === 'ann' || action === 'pull'
            ? 'allow'
            : 'deny',
      rule,
    }))
  },
  challenge: () => 'Basic realm="test"',
}

describe('audit records', () => {
  test('say who did what to which repository, tag and digest, and by which rule', async () => {
    const { records, as } = audited()
    const image = await as('ann').pushImage('team/app', 'v1')
    expect(records.map(({ action, digest }) => [action, digest])).toEqual([
      ['upload', image.config],
      ['upload', image.layer],
      ['push', image.digest],
    ])
    expect(records.at(-1)).toEqual({
      time: '2026-01-02T00:00:00.000Z',
      requestId: expect.any(String),
      client: null,
      principal: 'ann',
      login: 'htpasswd',
      token: 'ci',
      action: 'push',
      repository: 'team/app',
      tags: ['v1'],
      digest: image.digest,
      from: null,
      outcome: 'allowed',
      rule: 'rule for ann',
      status: 201,
      error: null,
    })
  })

  test('name each tag of a push, and the source of a mount', async () => {
    const { records, as } = audited()
    const ann = as('ann')
    const { text, digest, layer } = await ann.pushImage('team/app', 'v1')
    await ann.send('PUT', `/v2/team/app/manifests/${digest}?tag=v2&tag=v3`, {
      body: text,
      headers: { 'Content-Type': ociConfig.replace('config', 'manifest') },
    })
    expect(records.at(-1)).toMatchObject({ action: 'push', tags: ['v2', 'v3'], digest })
    await ann.send('POST', `/v2/other/blobs/uploads/?mount=${layer}&from=team/app`)
    expect(records.at(-1)).toMatchObject({
      action: 'upload',
      repository: 'other',
      digest: layer,
      from: 'team/app',
    })
  })

  test('of refusals and failures say so, a HEAD included', async () => {
    const { records, as } = audited()
    await as('bob').send('PUT', '/v2/team/app/manifests/v1', { body: '{}' })
    await as('bob').send('DELETE', `/v2/team/app/manifests/${digestOf('x')}`)
    await as('wrong').send('HEAD', '/v2/team/app/manifests/v1')
    await as('bob').send('GET', '/v2/team/app/manifests/v1')
    await as('wrong').send('GET', '/v2/')
    expect(records).toMatchObject([
      { action: 'push', outcome: 'refused', principal: 'bob', status: 403, error: 'DENIED' },
      { action: 'delete', outcome: 'refused', digest: digestOf('x'), rule: 'rule for bob' },
      { action: 'pull', outcome: 'refused', principal: null, rule: 'wrong credentials' },
      { action: 'pull', outcome: 'failed', status: 404, error: 'MANIFEST_UNKNOWN' },
      { action: 'login', outcome: 'refused', status: 401, repository: null },
    ])
  })

  test('are made of what is refused to a caller without credentials', async () => {
    const { records, as } = audited()
    await as(null).send('GET', '/v2/team/app/manifests/v1')
    await as(null).send('PUT', '/v2/team/app/manifests/v1', { body: '{}' })
    await as(null).send('DELETE', `/v2/team/app/blobs/${digestOf('x')}`)
    const refused = { outcome: 'refused', principal: null, status: 401, rule: 'no credentials' }
    expect(records).toMatchObject([
      { action: 'pull', tags: ['v1'], ...refused },
      { action: 'push', tags: ['v1'], ...refused },
      { action: 'delete', digest: digestOf('x'), ...refused },
    ])
  })

  test('name a mount that opens an upload instead', async () => {
    const { records, as } = audited()
    await as('ann').send('POST', `/v2/other/blobs/uploads/?mount=${digestOf('x')}&from=secret/app`)
    await as('ann').send('POST', `/v2/other/blobs/uploads/?mount=${digestOf('x')}`)
    const opened = { action: 'upload', repository: 'other', digest: digestOf('x'), status: 202 }
    expect(records).toMatchObject([
      { ...opened, from: 'secret/app', outcome: 'allowed' },
      { ...opened, from: null, outcome: 'allowed' },
    ])
  })

  test('are not made of what says nothing: probes, HEADs and chunks', async () => {
    const { records, as } = audited()
    await as('ann').send('GET', '/v2/')
    await as(null).send('GET', '/v2/')
    await as('ann').send('HEAD', '/v2/team/app/manifests/v1')
    const session = await as('ann').openUpload('team/app')
    await as('ann').send('PATCH', session, { body: 'hello' })
    await as('ann').send('GET', session)
    await as('ann').send('GET', '/elsewhere')
    expect(records).toEqual([])
  })

  test('hold no more of what a client sends than is bounded', async () => {
    const { records, as } = audited()
    const query = Array.from({ length: 200 }, () => `tag=${'t'.repeat(300)}`).join('&')
    await as('bob').send('PUT', `/v2/app/manifests/${digestOf('x')}?${query}`, { body: '{}' })
    await as('b'.repeat(9_000)).send('DELETE', `/v2/app/blobs/${digestOf('x')}`)
    expect(records).toHaveLength(2)
    for (const record of records) expect(JSON.stringify(record).length).toBeLessThan(30_000)
  })
})

test('what is no tag, digest or repository is in no audit record', async () => {
  const { records, as } = audited()
  const query = 'from=//me:secret@h&mount=secret!&digest=x:Bearer%20secret&tag=token%3Dsecret'
  await as('bob').send('POST', `/v2/app/blobs/uploads/?${query}`)
  await as('ann').send('PUT', `/v2/app/manifests/${digestOf('x')}?${query}`, { body: '{}' })
  expect(records).toHaveLength(2)
  expect(JSON.stringify(records)).not.toContain('secret')
})

test('a manifest whose config is not there is audited as failed', async () => {
  const { records, as } = audited()
  const config = descriptorOf('absent', ociConfig)
  const manifest = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json' }
  await as('ann').send('PUT', '/v2/app/manifests/v1', {
    body: JSON.stringify({ ...manifest, config, layers: [] }),
  })
  expect(records).toMatchObject([{ action: 'push', outcome: 'failed', tags: ['v1'], status: 400 }])
})
