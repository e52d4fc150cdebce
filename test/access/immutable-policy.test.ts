import { beforeEach, expect, test } from 'vitest'
import { accessPolicy, registryAccess, requestLogin } from '../../src/access/index.ts'
import { createRegistry, type Registry } from '../../src/index.ts'
import {
  type Client,
  clientOf,
  digestOf,
  expectError,
  imageManifest,
  ociManifest,
} from '../http/client.ts'

// Immutable tags of a policy, from the document to the store.

let registry: Registry
let ann: Client
let olga: Client
const [one, other] = [imageManifest('one'), imageManifest('other')]

beforeEach(async () => {
  const access = registryAccess({
    logins: [requestLogin('header', ({ headers }) => ({ id: headers.get('x-user') ?? 'ann' }))],
    policy: accessPolicy({
      rules: [
        { who: '*', repositories: 'app', deny: 'delete', tags: 'keep-*' },
        { who: '*', repositories: '**', allow: ['pull', 'push', 'delete'] },
      ],
      immutable: [{ repositories: '**', tags: 'semver', except: ['user:olga'] }],
    }),
  })
  registry = createRegistry({ access })
  ann = clientOf(registry)
  olga = clientOf(registry, { 'X-User': 'olga' })
  for (const content of ['{}', 'one', 'other']) await ann.pushBlob('app', content)
})

const put = (by: Client, reference: string, body: string): Promise<Response> =>
  by.send('PUT', `/v2/app/manifests/${reference}`, {
    headers: { 'Content-Type': ociManifest },
    body,
  })

test('a semver tag is made once; those who are excepted move it', async () => {
  expect((await put(ann, 'v1.2.3', one)).status).toBe(201)
  expect((await put(ann, 'v1.2.3', one)).status).toBe(201)
  const [error] = await expectError(await put(ann, 'v1.2.3', other), 403, 'DENIED')
  expect(error?.detail).toEqual({ tag: 'v1.2.3', digest: digestOf(one) })
  const parameter = `${digestOf(other)}?tag=latest&tag=v1.2.3`
  await expectError(await put(ann, parameter, other), 403, 'DENIED')
  expect((await ann.send('HEAD', '/v2/app/manifests/latest')).status).toBe(404)
  expect((await put(ann, 'latest', one)).status).toBe(201)
  expect((await put(ann, 'latest', other)).status).toBe(201)
  expect((await put(olga, 'v1.2.3', other)).status).toBe(201)
})

test('no deletion takes it, by tag, digest, or with its layers or its repository', async () => {
  await put(ann, `${digestOf(one)}?tag=v1.2.3&tag=latest`, one)
  for (const path of [
    'app/manifests/v1.2.3',
    `app/manifests/${digestOf(one)}`,
    `app/blobs/${digestOf('one')}`,
    '_layerdock/repositories/app',
  ]) {
    await expectError(await ann.send('DELETE', `/v2/${path}`), 403, 'DENIED')
  }
  expect((await ann.send('DELETE', '/v2/app/manifests/latest')).status).toBe(202)
  expect((await ann.send('GET', '/v2/app/manifests/v1.2.3')).status).toBe(200)
  expect((await olga.send('DELETE', `/v2/app/manifests/${digestOf(one)}`)).status).toBe(202)
})

test('a tag that a caller may not delete keeps its manifest', async () => {
  await put(ann, `${digestOf(other)}?tag=keep-me&tag=dev`, other)
  const refused = await ann.send('DELETE', `/v2/app/manifests/${digestOf(other)}`)
  const [error] = await expectError(refused, 403, 'DENIED')
  expect(error?.detail).toEqual({ tag: 'keep-me', digest: digestOf(other) })
  expect((await put(ann, 'keep-me', one)).status).toBe(201)
  const moved = await ann.send('DELETE', `/v2/app/manifests/${digestOf(other)}`)
  expect(moved.status).toBe(202)
})

test('no push changes the media type it is served with', async () => {
  const { mediaType: _, ...untyped } = JSON.parse(one)
  const body = JSON.stringify(untyped)
  expect((await put(ann, 'v1.2.3', body)).status).toBe(201)
  const docker = 'application/vnd.docker.distribution.manifest.v2+json'
  const again = (by: Client): Promise<Response> =>
    by.send('PUT', `/v2/app/manifests/${digestOf(body)}`, {
      headers: { 'Content-Type': docker },
      body,
    })
  await expectError(await again(ann), 400, 'MANIFEST_INVALID')
  const served = await ann.send('HEAD', '/v2/app/manifests/v1.2.3')
  expect(served.headers.get('Content-Type')).toBe(ociManifest)
  expect((await again(olga)).status).toBe(201)
})
