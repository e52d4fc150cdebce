import { createRegistry } from 'layerdock'
import { type RegistryFetch, registryContract } from 'layerdock/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Client, clientOf, expectError, imageManifest } from '../http/client.ts'

const { immutableTags, registry } = await import('../../examples/immutable-tags.ts')

let client: Client
let one: string
let other: string

beforeEach(async () => {
  client = clientOf(createRegistry({ wrap: (service) => immutableTags(service, /^v\d/) }))
  await client.pushBlob('app', '{}')
  for (const layer of ['one', 'other']) await client.pushBlob('app', layer)
  one = imageManifest('one')
  other = imageManifest('other')
})

const type = { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' }

const put = (path: string, body: string): Promise<Response> =>
  client.send('PUT', `/v2/app/manifests/${path}`, { headers: type, body })

async function digestAt(tag: string): Promise<string | null> {
  const head = await client.send('HEAD', `/v2/app/manifests/${tag}`)
  return head.status === 200 ? head.headers.get('docker-content-digest') : null
}

test('examples/immutable-tags.ts: a pushed image stays under its tag', async () => {
  const own = clientOf(registry)
  const { digest } = await own.pushImage('app', 'v1.2.3')
  await own.pushBlob('app', 'another layer')
  const moved = await own.send('PUT', '/v2/app/manifests/v1.2.3', {
    headers: type,
    body: imageManifest('another layer'),
  })
  const [error] = await expectError(moved, 403, 'DENIED')
  expect(error).toMatchObject({ detail: { tag: 'v1.2.3', digest } })
  const head = await own.send('HEAD', '/v2/app/manifests/v1.2.3')
  expect(head.headers.get('docker-content-digest')).toBe(digest)
})

test('the same content may be pushed again, and other tags move', async () => {
  await client.pushManifest('app', 'v1', one)
  expect((await put('v1', one)).status).toBe(201)
  await client.pushManifest('app', 'latest', one)
  const digest = await client.pushManifest('app', 'latest', other)
  expect(await digestAt('latest')).toBe(digest)
})

test('no tag parameter moves it, and none of the others is set then', async () => {
  const first = await client.pushManifest('app', 'v1', one)
  const digest = await client.pushManifest('app', 'latest', other)
  const refused = await put(`${digest}?tag=next&tag=v1`, other)
  await expectError(refused, 403, 'DENIED')
  expect([await digestAt('v1'), await digestAt('next')]).toEqual([first, null])
  expect((await put(`${digest}?tag=next&tag=v2`, other)).status).toBe(201)
  await expectError(await put(`${first}?tag=v2`, one), 403, 'DENIED')
})

test('no deletion takes it: not of the tag, not of its manifest, not of the repository', async () => {
  const digest = await client.pushManifest('app', 'v1', one)
  for (let tag = 0; tag < 1200; tag += 100) {
    const tags = Array.from({ length: 100 }, (_, index) => `tag=a${tag + index}`)
    expect((await put(`${digest}?${tags.join('&')}`, one)).status).toBe(201)
  }
  await expectError(await client.send('DELETE', '/v2/app/manifests/v1'), 403, 'DENIED')
  await expectError(await client.send('DELETE', `/v2/app/manifests/${digest}`), 403, 'DENIED')
  const repository = '/v2/_layerdock/repositories/app'
  await expectError(await client.send('DELETE', repository), 403, 'DENIED')
  expect(await digestAt('v1')).toBe(digest)
  expect((await client.send('DELETE', '/v2/app/manifests/a7')).status).toBe(202)
  expect(await digestAt('a7')).toBe(null)
})

test('manifests and repositories without such a tag are deleted', async () => {
  const digest = await client.pushManifest('app', 'latest', one)
  expect((await client.send('DELETE', `/v2/app/manifests/${digest}`)).status).toBe(202)
  expect((await client.send('DELETE', '/v2/_layerdock/repositories/app')).status).toBe(202)
  expect(await digestAt('latest')).toBe(null)
})

test('of pushes at once one sets the tag', async () => {
  const digests = new Set<string>()
  for (let round = 0; round < 10; round += 1) {
    const answers = await Promise.all([put(`v1.${round}`, one), put(`v1.${round}`, other)])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403])
    digests.add((await digestAt(`v1.${round}`)) ?? '')
  }
  expect(digests.has('')).toBe(false)
})

describe('everything else is as in any registry', () => {
  const make = (): RegistryFetch =>
    createRegistry({ wrap: (service) => immutableTags(service, /^never-used-here$/) }).fetch
  for (const { name, run } of registryContract) test(name, () => run(make))
})
