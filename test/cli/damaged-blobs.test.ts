import { appendFile, readdir, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { digestOf, pushBlob, useProgram } from './harness.ts'
import { entries, everyRuntime } from './program.ts'

const damages: Readonly<Record<string, (path: string) => Promise<void>>> = {
  removed: (path) => rm(path),
  emptied: (path) => truncate(path, 0),
  'cut short': (path) => truncate(path, 2),
  lengthened: (path) => appendFile(path, 'x'),
}

describe.each(everyRuntime)('on %s a blob whose file was', (runtime) => {
  const cli = useProgram(runtime)

  test.each(Object.keys(damages))(
    '%s is missing everywhere until it is pushed again',
    async (how) => {
      const folder = cli.folder()
      const { url, child, ended } = await cli.serve('--storage-dir', folder)
      const bytes = Buffer.from('kept')
      const digest = await pushBlob(url, bytes)
      const blobs = join(folder, 'blobs/sha256')
      const [name = ''] = await readdir(blobs)
      await damages[how]?.(join(blobs, name))

      const blob = `${url}/v2/a/blobs/${digest}`
      const mount = `${url}/v2/b/blobs/uploads/?mount=${digest}&from=a`
      expect((await fetch(blob)).status).toBe(404)
      expect((await fetch(blob, { method: 'HEAD' })).status).toBe(404)
      expect((await fetch(mount, { method: 'POST' })).status).toBe(202)
      const damaged = await fetch(`${url}/healthz`)
      expect([damaged.status, await damaged.json()]).toMatchObject([
        503,
        { status: 'degraded', missingBlobs: { count: 1, digests: [digest] } },
      ])
      // What is there can still be pulled.
      expect((await fetch(`${url}/ready`)).status).toBe(200)

      expect(await pushBlob(url, bytes)).toBe(digestOf(bytes))
      expect(await (await fetch(blob)).text()).toBe('kept')
      expect((await fetch(blob, { method: 'HEAD' })).status).toBe(200)
      expect((await fetch(mount, { method: 'POST' })).status).toBe(201)
      const healed = await fetch(`${url}/healthz`)
      expect([healed.status, await healed.json()]).toMatchObject([200, { status: 'ok' }])

      child.kill('SIGTERM')
      const lines = entries((await ended).out).filter((line) => line.level === 'error')
      expect(lines).toMatchObject([{ digest, msg: expect.stringContaining('push it again') }])
    },
  )
})
