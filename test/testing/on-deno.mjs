// @ts-nocheck: the types of Deno are not installed
// Run by `deno test` with its path and no permissions: a registry in one line, without a port.
import { faults, image, testRegistry } from '../../src/testing/index.ts'

Deno.test('a registry in one line', async () => {
  const registry = testRegistry()
  const digests = await registry.push({ 'app:latest': image({ layers: ['a', 'b'] }) })
  registry.fault({ fault: faults.refuse(429, { retryAfter: 1 }) })
  const refused = await registry.fetch('/v2/app/manifests/latest')
  const response = await registry.fetch('/v2/app/manifests/latest')
  const seen = JSON.stringify([
    refused.status,
    response.headers.get('docker-content-digest'),
    registry.requests.map(({ status }) => status),
  ])
  const wanted = JSON.stringify([429, digests['app:latest'], [429, 200]])
  if (seen !== wanted) throw new Error(`${seen} is not ${wanted}`)
  await refused.body?.cancel()
  await response.body?.cancel()
})

Deno.test('a body cut off', async () => {
  const registry = testRegistry()
  await registry.push({ 'app:latest': image({ layers: ['a'] }) })
  registry.fault({ fault: faults.cut(10) })
  const response = await registry.fetch('/v2/app/manifests/latest')
  const end = await response.text().then(
    () => 'whole',
    () => 'broken',
  )
  if (end !== 'broken') throw new Error(end)
})
