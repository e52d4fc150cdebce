import { createRegistry } from 'layerdock'
import { type RegistryFetch, registryContract } from 'layerdock/testing'
import { describe, expect, test } from 'vitest'
import { type Client, clientOf, digestOf, expectError, imageManifest } from '../http/client.ts'

const { repositoryQuota, registry } = await import('../../examples/repository-quota.ts')

function limited(quota: number): Client {
  return clientOf(createRegistry({ wrap: (service) => repositoryQuota(service, quota) }))
}

const layer = (number: number, size = 100): string => `${number}`.padStart(size, '.')

const push = (client: Client, content: string, repository = 'app'): Promise<Response> => {
  const path = `/v2/${repository}/blobs/uploads/?digest=${digestOf(content)}`
  return client.send('POST', path, { body: content })
}

const type = { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' }

test('examples/repository-quota.ts: an image is pushed', async () => {
  const { digest } = await clientOf(registry).pushImage('app', 'v1')
  expect(digest).toMatch(/^sha256:/)
})

test('a repository takes its quota to the byte, and each has its own', async () => {
  const client = limited(300)
  for (const number of [1, 2, 3]) expect((await push(client, layer(number))).status).toBe(201)
  const [error] = await expectError(await push(client, layer(4, 1)), 403, 'DENIED')
  expect(error?.message).toContain('app may have 300 bytes')
  expect((await push(client, layer(4), 'other')).status).toBe(201)
})

test('a deletion makes room at once', async () => {
  const client = limited(300)
  for (const number of [1, 2, 3]) await push(client, layer(number))
  expect((await client.send('DELETE', `/v2/app/blobs/${digestOf(layer(1))}`)).status).toBe(202)
  expect((await push(client, layer(4))).status).toBe(201)
})

test('pushes at once do not pass it together', async () => {
  const client = limited(450)
  const pushes = Array.from({ length: 20 }, (_, number) => push(client, layer(number)))
  const statuses = (await Promise.all(pushes)).map(({ status }) => status)
  const taken = statuses.filter((status) => status === 201).length
  expect(taken).toBeLessThanOrEqual(4)
  expect(statuses.filter((status) => status === 403).length).toBe(20 - taken)
  // Those that were refused only because others were under way fit now.
  for (let number = 100; number < 104 - taken; number += 1) {
    expect((await push(client, layer(number))).status).toBe(201)
  }
  await expectError(await push(client, layer(200)), 403, 'DENIED')
})

test('an upload in chunks counts with all of them, and stays when it is refused', async () => {
  const client = limited(300)
  await push(client, layer(1))
  const body = layer(2, 250)
  const session = await client.openUpload('app')
  expect((await client.send('PATCH', session, { body: body.slice(0, 150) })).status).toBe(202)
  const put = `${session}?digest=${digestOf(body)}`
  const last = { body: body.slice(150) }
  await expectError(await client.send('PUT', put, last), 403, 'DENIED')
  await client.send('DELETE', `/v2/app/blobs/${digestOf(layer(1))}`)
  expect((await client.send('PUT', put, last)).status).toBe(201)
})

test('chunks that come while an upload ends are not let in uncounted', async () => {
  const client = limited(300)
  const body = layer(1, 400)
  const session = await client.openUpload('app')
  const put = `${session}?digest=${digestOf(body)}`
  const answers = await Promise.all([
    client.send('PATCH', session, { body }),
    client.send('PUT', put),
    client.send('PUT', put),
  ])
  expect(answers.slice(1).map(({ status }) => status)).not.toContain(201)
  await expectError(await client.send('PUT', put), 403, 'DENIED')
})

test('a push that does not say its length is refused, a chunk is not', async () => {
  const client = limited(300)
  const stream = (text: string): ReadableStream<Uint8Array> => new Blob([text]).stream()
  const path = `/v2/app/blobs/uploads/?digest=${digestOf('abc')}`
  await expectError(await client.send('POST', path, { body: stream('abc') }), 403, 'DENIED')
  const session = await client.openUpload('app')
  expect((await client.send('PATCH', session, { body: stream('abc') })).status).toBe(202)
  expect((await client.send('PUT', `${session}?digest=${digestOf('abc')}`)).status).toBe(201)
})

test('manifests count, and a mount is left to a push', async () => {
  const body = imageManifest('layer')
  const client = limited(2 + 5 + body.length)
  for (const content of ['{}', 'layer']) await push(client, content)
  expect((await client.send('PUT', '/v2/app/manifests/v1', { headers: type, body })).status).toBe(
    201,
  )
  const more = imageManifest('layer', { annotations: { a: 'b' } })
  const refused = await client.send('PUT', '/v2/app/manifests/v2', { headers: type, body: more })
  await expectError(refused, 403, 'DENIED')
  const mount = `/v2/other/blobs/uploads/?mount=${digestOf('layer')}&from=app`
  expect((await client.send('POST', mount)).status).toBe(202)
})

describe('everything else is as in any registry', () => {
  const make = (): RegistryFetch =>
    createRegistry({ wrap: (service) => repositoryQuota(service, 1e12) }).fetch
  // A mount is a push here, and a push says its length.
  const others = registryContract.filter(({ name }) => !/mount|without a length/.test(name))
  for (const { name, run } of others) test(name, () => run(make))
})
