import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { digestOf, ociManifest } from '../http/client.ts'
import { useProgram } from './harness.ts'

const cli = useProgram()

/** A policy that lets everyone do everything, with a quota for `small`. */
function policy(bytes: string): string {
  return JSON.stringify({
    rules: [{ who: 'anonymous', repositories: '**', allow: ['pull', 'push', 'delete'] }],
    quotas: [{ repositories: 'small', bytes }],
  })
}

test('repositories are held to the quotas of the policy, and to others after a change', async () => {
  const path = join(cli.folder(), 'policy.json')
  writeFileSync(path, policy('1kB'), { mode: 0o600 })
  const server = await cli.serve('--storage-dir', join(cli.folder(), 'store'), '--policy', path)
  const push = async (repository: string, size: number): Promise<Response> => {
    const layer = 'x'.repeat(size)
    const upload = `${server.url}/v2/${repository}/blobs/uploads/?digest=${digestOf(layer)}`
    return fetch(upload, { method: 'POST', body: layer })
  }
  const pushManifest = async (repository: string, size: number): Promise<Response> => {
    const [config, layer] = ['{}', 'x'.repeat(size)]
    const upload = `${server.url}/v2/${repository}/blobs/uploads/?digest=${digestOf(config)}`
    await fetch(upload, { method: 'POST', body: config })
    const descriptor = (content: string): object => ({
      mediaType: 'application/octet-stream',
      digest: digestOf(content),
      size: content.length,
    })
    const manifest = {
      schemaVersion: 2,
      mediaType: ociManifest,
      config: descriptor(config),
      layers: [descriptor(layer)],
    }
    return fetch(`${server.url}/v2/${repository}/manifests/latest`, {
      method: 'PUT',
      headers: { 'Content-Type': ociManifest },
      body: JSON.stringify(manifest),
    })
  }

  expect((await push('small', 1001)).status).toBe(403)
  expect((await push('small', 900)).status).toBe(201)
  const refused = await pushManifest('small', 900)
  expect(refused.status).toBe(403)
  expect(await refused.text()).toContain('its quota is 1000')
  expect((await push('large', 1001)).status).toBe(201)

  writeFileSync(`${path}.new`, policy('2kB'), { mode: 0o600 })
  renameSync(`${path}.new`, path)
  await expect.poll(async () => (await pushManifest('small', 900)).status).toBe(201)
})
