import { rename, rm } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { describeEverywhere, digestOf, pushBlob, useProgram } from './harness.ts'
import { entries, printed } from './program.ts'

const mediaType = 'application/vnd.oci.image.manifest.v1+json'

describeEverywhere('on %s, when the data folder goes', (runtime) => {
  const cli = useProgram(runtime)

  test.each(['removed', 'moved'])('by being %s, nothing is acknowledged any more', async (how) => {
    const folder = cli.folder()
    const { url, child, ended } = await cli.serve('--storage-dir', folder)
    const kept = await pushBlob(url, Buffer.from('kept'))
    const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: kept, size: 4 }
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] })
    const putManifest = (): Promise<Response> =>
      fetch(`${url}/v2/a/manifests/latest`, {
        method: 'PUT',
        headers: { 'Content-Type': mediaType },
        body: manifest,
      })
    expect((await putManifest()).status).toBe(201)
    const session = await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' })
    const upload = new URL(session.headers.get('location') ?? '', url)

    if (how === 'removed') await rm(folder, { recursive: true })
    else await rename(folder, `${folder}.away`)

    const bytes = Buffer.from('lost')
    // A single lost blob is a 404; all of them are not taken for lost.
    expect((await fetch(`${url}/v2/a/blobs/${kept}`)).status).toBe(503)
    const refused = [
      await fetch(`${url}/v2/a/blobs/uploads/?digest=${digestOf(bytes)}`, {
        method: 'POST',
        body: bytes,
      }),
      await fetch(upload, { method: 'PATCH', body: bytes }),
      await putManifest(),
      await fetch(`${url}/v2/a/manifests/latest`, { method: 'DELETE' }),
      await fetch(`${url}/v2/a/blobs/${kept}`, { method: 'DELETE' }),
      await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' }),
    ]
    for (const response of refused) {
      expect(response.status, response.url).toBe(503)
      expect(await response.json()).toEqual({
        errors: [{ code: 'UNAVAILABLE', message: expect.any(String) }],
      })
    }

    const gone = 'files of the store are gone'
    const state = 'unavailable'
    const reasons = { metadata: gone, blobs: gone, uploads: gone }
    const ready = await fetch(`${url}/ready`)
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'degraded', reasons }])
    const health = await fetch(`${url}/healthz`)
    expect([health.status, await health.json()]).toMatchObject([
      503,
      // While files are removed one after the other, a seal may find the journal gone from a folder that is there.
      {
        planes: {
          metadata: expect.stringMatching(/^unavailable$|^read-only$/),
          blobs: state,
          uploads: state,
        },
        reasons,
      },
    ])
    expect((await fetch(`${url}/live`)).status).toBe(200)

    child.kill('SIGTERM')
    const { code, out, err } = await ended
    expect([0, 1]).toContain(code)
    expect(err).toBe('')
    const lines = entries(out)
    expect(lines.filter((line) => line.msg === 'request failed')).toEqual([])
    expect(lines.filter(({ msg }) => String(msg).includes('will be tried again'))).toEqual([])
    expect(lines.filter((line) => line.level === 'error' && line.part === 'blobs')).toHaveLength(1)
    expect(lines.at(-1)?.msg).toMatch(/^stopped/)
  })
})

describe('when the data folder goes', () => {
  const cli = useProgram()

  test('the log says so without any request, and the server goes on once it is back', async () => {
    const folder = cli.folder()
    const started = await cli.serve('--storage-dir', folder)
    await rename(folder, `${folder}.away`)
    await printed(started, '"part":"blobs","state":"unavailable"')
    await rename(`${folder}.away`, folder)
    await printed(started, '"part":"blobs","msg":"the storage works again"')
    await expect.poll(async () => (await fetch(`${started.url}/ready`)).status).toBe(200)
    await pushBlob(started.url, Buffer.from('kept'))
    started.child.kill('SIGTERM')
    expect((await started.ended).code).toBe(0)
  })
})
