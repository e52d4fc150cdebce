// @ts-nocheck: the types of Bun are not installed
// Run by `bun test` with its path: a registry in one line, in a test of Bun's own runner.
import { expect, test } from 'bun:test'
import { faults, image, testRegistry } from 'layerdock/testing'

test('a registry in one line', async () => {
  const registry = testRegistry()
  const digests = await registry.push({ 'app:latest': image({ layers: ['a', 'b'] }) })
  registry.fault({ fault: faults.refuse(429, { retryAfter: 1 }) })
  expect((await registry.fetch('/v2/app/manifests/latest')).status).toBe(429)
  const response = await registry.fetch('/v2/app/manifests/latest')
  expect(response.headers.get('docker-content-digest')).toBe(digests['app:latest'])
  expect(registry.requests.map(({ status }) => status)).toEqual([429, 200])
})

test('on a port, cut off', async () => {
  const registry = testRegistry()
  await registry.push({ 'app:latest': image({ layers: ['a'] }) })
  registry.fault({ after: 1, fault: faults.cut(10) })
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: registry.fetch })
  const url = `${server.url}v2/app/manifests/latest`
  expect((await (await fetch(url)).json()).layers).toHaveLength(1)
  const broken = fetch(url).then((response) => response.text())
  expect(await broken.then(() => 'whole').catch(() => 'broken')).toBe('broken')
  await server.stop(true)
})
