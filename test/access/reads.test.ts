import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  accessPolicy,
  type PolicyDocument,
  PolicyError,
  registryAccess,
  requestLogin,
} from '../../src/access/index.ts'
import { callContext, createRegistry, type Registry, repositoryName } from '../../src/index.ts'
import {
  type Client,
  clientOf,
  descriptorOf,
  digestOf,
  ociIndex,
  ociManifest,
} from '../http/client.ts'

/*
 * Whatever a policy says: by every path a caller reads just what it may pull, and what it may not pull looks
 * like what is not there.
 */

const repositories = [
  'other',
  'public/a',
  'team/app',
  'team/deep/app',
  'team/secret',
  'users/ann/app',
  'users/bob/app',
]
const callers = [null, 'ann', 'bob', 'olga']

const rule = fc
  .record({
    who: fc.constantFrom('*', 'anonymous', 'user:ann', 'user:bob', 'group:ops'),
    repositories: fc.constantFrom(
      '**',
      'team/**',
      'team/*',
      'team/secret',
      'users/{user}/**',
      'users/ann/app',
      'public/*',
      '*/app',
      'other',
    ),
    isAllowed: fc.boolean(),
  })
  .map(({ isAllowed, ...rest }) => ({ ...rest, [isAllowed ? 'allow' : 'deny']: 'pull' }))

const document: fc.Arbitrary<PolicyDocument> = fc
  .array(rule, { minLength: 1, maxLength: 5 })
  .map((rules) => ({
    groups: { ops: ['olga'] },
    rules: [
      { who: 'anonymous', repositories: 'mine', allow: 'push' },
      { who: 'anonymous', allow: 'catalog' },
      ...rules,
    ],
  }))
  .filter(isPolicy) as fc.Arbitrary<PolicyDocument>

/** A rule that never decides is an error of the document. */
function isPolicy(policy: unknown): boolean {
  try {
    accessPolicy(policy as PolicyDocument)
    return true
  } catch (error) {
    if (error instanceof PolicyError) return false
    throw error
  }
}

/** A layer of each repository alone, which no other has. */
const secretOf = (repository: string): string => `the secret of ${repository}`

async function filled(policy: PolicyDocument): Promise<Registry> {
  let isOpen = true
  const access = registryAccess({
    logins: [
      requestLogin('header', ({ headers }) => {
        const id = headers.get('x-user')
        return id === null ? null : { id }
      }),
    ],
    policy: accessPolicy(policy),
  })
  const registry = createRegistry({
    access: {
      ...access,
      authorize: async (who, asks, request) =>
        isOpen ? asks.map(() => 'allow') : access.authorize(who, asks, request),
    },
    limits: { pageSize: 3 },
  })
  const client = clientOf(registry)
  for (const repository of repositories) {
    await client.pushBlob(repository, secretOf(repository))
    await client.pushImage(repository, 'v1', { annotations: { of: repository } })
    const subject = descriptorOf('subject', ociManifest)
    await client.pushImage(repository, 'signature', { subject, annotations: { of: repository } })
  }
  isOpen = false
  return registry
}

/** Ways to read from a repository. */
const reads = (repository: string, digest: string): ReadonlyArray<readonly [string, string]> => [
  ['GET', 'manifests/v1'],
  ['HEAD', 'manifests/v1'],
  ['GET', `manifests/${digest}`],
  ['GET', 'tags/list'],
  ['GET', `referrers/${digestOf('subject')}`],
  ['GET', `blobs/${digestOf(secretOf(repository))}`],
  ['HEAD', `blobs/${digestOf(secretOf(repository))}`],
]

/** What a caller can tell of an answer, but for the name it asked for itself. */
async function seen(answer: Response, name: string): Promise<unknown> {
  const headers = [...answer.headers].filter(([header]) => header !== 'x-request-id')
  const text = JSON.stringify([answer.status, headers, await answer.text()])
  return text.replaceAll(name, '<name>')
}

async function catalogOf(client: Client): Promise<string[]> {
  const found: string[] = []
  for (let path: string | undefined = '/v2/_catalog'; path !== undefined; ) {
    const answer: Response = await client.send('GET', path)
    expect(answer.status).toBe(200)
    found.push(...((await answer.json()) as { repositories: string[] }).repositories)
    path = /^<(.*)>/.exec(answer.headers.get('link') ?? '')?.[1]
    expect(repositories.filter((name) => path?.includes(name) && !found.includes(name))).toEqual([])
  }
  return found
}

async function checkReads(
  client: Client,
  repository: string,
  digest: string,
  mayPull: boolean,
): Promise<void> {
  for (const [method, rest] of reads(repository, digest)) {
    const answer = await client.send(method, `/v2/${repository}/${rest}`)
    expect([method, rest, answer.ok]).toEqual([method, rest, mayPull])
    if (mayPull) continue
    const absent = await client.send(method, `/v2/absent/${rest}`)
    // A repository that a rule names may be refused in other words than one that none does: 401 or 403.
    if (absent.status === answer.status) {
      expect(await seen(answer, repository)).toBe(await seen(absent, 'absent'))
    } else expect([401, 403]).toContain(answer.status)
  }
}

async function checkMounts(client: Client, readable: ReadonlySet<string>): Promise<void> {
  for (const repository of repositories) {
    const mounted = digestOf(secretOf(repository))
    const expected = readable.has(repository) ? 201 : 202
    for (const from of ['', `&from=${repository}`]) {
      const path = `/v2/mine/blobs/uploads/?mount=${mounted}${from}`
      const { status } = await client.send('POST', path)
      expect([repository, from, status]).toEqual([repository, from, expected])
    }
    // As if there were no source at all: a session.
    const other = [...readable].find((name) => name !== repository)
    if (other === undefined) continue
    const wrong = `/v2/mine/blobs/uploads/?mount=${mounted}&from=${other}`
    expect((await client.send('POST', wrong)).status).toBe(202)
  }
}

test('under any policy, callers read what they may pull and learn of nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(document, async (policy) => {
      const registry = await filled(policy)
      const { decide } = accessPolicy(policy)
      for (const user of callers) {
        const client = clientOf(registry, user === null ? {} : { 'X-User': user })
        const principal = user === null ? null : { id: user, details: { login: 'header' } }
        const readable = new Set(
          repositories.filter(
            (name) =>
              decide(principal, {
                action: 'pull',
                repository: repositoryName(name),
                reference: null,
              }).decision === 'allow',
          ),
        )
        for (const name of repositories) {
          const tag = { kind: 'tag', tag: 'v1' } as never
          const found = await registry.service.statManifest(
            callContext(),
            repositoryName(name),
            tag,
          )
          await checkReads(client, name, found?.digest ?? '', readable.has(name))
        }
        expect(await catalogOf(client)).toEqual([...readable])
        await checkMounts(client, readable)
        await registry.service
          .deleteRepository(callContext(), repositoryName('mine'))
          .catch(() => {})
      }
      await registry.close()
    }),
    { numRuns: 10 },
  )
})

test('a push that names content of another repository is told what one that names nothing is', async () => {
  const registry = await filled({
    rules: [{ who: '*', repositories: 'users/{user}/**', allow: ['pull', 'push'] }],
  })
  const client = clientOf(registry, { 'X-User': 'bob' })
  const tag = { kind: 'tag', tag: 'v1' } as never
  const { service } = registry
  const child = await service.statManifest(callContext(), repositoryName('users/ann/app'), tag)
  const push = async (layer: string, manifest: string): Promise<unknown> => {
    const answers: unknown[] = []
    for (const document of [
      { layers: [{ mediaType: 'a/b', digest: layer, size: 1 }], config: descriptorOf('{}', 'a/b') },
      { manifests: [{ mediaType: ociManifest, digest: manifest, size: 1 }], mediaType: ociIndex },
    ]) {
      const { mediaType = ociManifest } = document
      const answer = await client.send('PUT', '/v2/users/bob/app/manifests/x', {
        headers: { 'Content-Type': mediaType },
        body: JSON.stringify({ schemaVersion: 2, ...document, mediaType }),
      })
      expect(answer.status).toBe(400)
      answers.push(await seen(answer, mediaType === ociManifest ? layer : manifest))
    }
    return answers
  }
  const nothing = digestOf('nothing at all')
  const secret = digestOf(secretOf('users/ann/app'))
  expect(await push(secret, child?.digest ?? '')).toEqual(await push(nothing, nothing))
})
