import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { serve } from 'layerdock/node'
import { artifact, image, index } from 'layerdock/testing'
import { createUi } from 'layerdock/ui'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testRegistry } from '../../../src/testing/test-registry.ts'
import type { ArtifactAnswer } from '../../../src/ui/artifact/artifact-data.ts'
import type { PullClient } from '../../../src/ui/artifact/pull-commands.ts'

const run = promisify(execFile)

/** How each client is asked whether it is there. Docker and Podman need more rights than a test has. */
const clients: ReadonlyArray<readonly [client: PullClient, program: string, asked: string]> = [
  ['skopeo', 'skopeo', '--version'],
  ['crane', 'crane', 'version'],
  ['oras', 'oras', 'version'],
  ['helm', 'helm', 'version'],
]

const isThere = async (program: string, asked: string): Promise<boolean> =>
  run(program, [asked]).then(
    () => true,
    () => false,
  )
const found = new Map(
  await Promise.all(
    clients.map(
      async ([client, program, asked]) => [client, await isThere(program, asked)] as const,
    ),
  ),
)

describe('the commands of the page', () => {
  let origin = ''
  let stop = async (): Promise<unknown> => undefined
  let folder = ''

  beforeAll(async () => {
    const registry = testRegistry()
    // Two blocks of zeros are an empty archive.
    const layers = ['\0'.repeat(1024)]
    const config = { config: { Cmd: ['/app'] } }
    await registry.push({
      'team/app:amd': image({ layers, config }),
      'team/app:arm': image({ layers, config: { ...config, architecture: 'arm64' } }),
      'team/app:v1': index({ 'linux/amd64': 'team/app:amd', 'linux/arm64': 'team/app:arm' }),
      'team/file:v1': artifact({
        type: 'application/vnd.acme.file',
        layers: [{ content: 'hello', annotations: { 'org.opencontainers.image.title': 'a.txt' } }],
      }),
    })
    await pushChart(registry)
    const server = await serve(createUi(registry), { port: 0, host: '127.0.0.1' })
    origin = server.url.replace(/\/$/, '')
    stop = () => server.close()
    folder = await mkdtemp(join(tmpdir(), 'layerdock-pull-'))
  })

  afterAll(async () => {
    await stop()
    await rm(folder, { recursive: true, force: true })
  })

  const pulls = [
    ['an image', 'team/app:amd', ['skopeo', 'crane', 'oras']],
    ['an index', 'team/app:v1', ['skopeo', 'crane', 'oras']],
    ['a file', 'team/file:v1', ['oras', 'skopeo', 'crane']],
    ['a chart', 'charts/dock:1.0.0_b.1', ['helm', 'oras', 'skopeo', 'crane']],
  ] as const
  const cases = pulls.flatMap(([what, path, some]) =>
    some.map((client) => ({ what, path, client })),
  )

  for (const { what, path, client } of cases) {
    test.skipIf(found.get(client) !== true)(`of ${client} pull ${what}`, async () => {
      const headers = { Accept: 'application/json' }
      const answer = await fetch(`${origin}/_layerdock/repositories/${path}`, { headers })
      const { pull } = (await answer.json()) as ArtifactAnswer
      const command = pull.find((one) => one.client === client)
      for (const line of [command?.byTag ?? '', command?.byDigest ?? '']) {
        const cwd = await mkdtemp(join(folder, 'run-'))
        const env = { ...process.env, HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') }
        await run('sh', ['-c', line], { cwd, env, timeout: 120_000 })
        expect(await readdir(cwd), line).not.toEqual([])
        if (client === 'oras' && path === 'team/file:v1') {
          expect(await readFile(join(cwd, 'a.txt'), 'utf8')).toBe('hello')
        }
      }
    })
  }
})

/** Pushes a chart as Helm does: its facts as the config, and its files as an archive that no command unpacks. */
async function pushChart(registry: ReturnType<typeof testRegistry>): Promise<void> {
  const type = 'application/vnd.cncf.helm'
  const blob = async (content: string, mediaType: string) => {
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
    await registry.fetch(`/v2/charts/dock/blobs/uploads/?digest=${digest}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream' },
      body: content,
    })
    return { mediaType, digest, size: Buffer.byteLength(content) }
  }
  const facts = { name: 'dock', version: '1.0.0+b.1', apiVersion: 'v2' }
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const annotations = { 'org.opencontainers.image.title': 'dock.tgz' }
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: await blob(JSON.stringify(facts), `${type}.config.v1+json`),
    layers: [{ ...(await blob('chart', `${type}.chart.content.v1.tar+gzip`)), annotations }],
  }
  const { status } = await registry.fetch('/v2/charts/dock/manifests/1.0.0_b.1', {
    method: 'PUT',
    headers: { 'Content-Type': mediaType },
    body: JSON.stringify(manifest),
  })
  expect(status).toBe(201)
}
