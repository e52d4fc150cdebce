import { randomBytes } from 'node:crypto'
import { appendFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeOnRuntimes } from '../on-runtimes.ts'
import { sampleOf } from '../sample.ts'
import { digestOf, pushBlob, useProgram } from './harness.ts'
import { entries } from './program.ts'

const cuts: Readonly<Record<string, (path: string) => Promise<void>>> = {
  removed: (path) => rm(path),
  emptied: (path) => truncate(path, 0),
  'cut short': async (path) => truncate(path, (await stat(path)).size - 1),
}
const lengthened = (path: string): Promise<void> => appendFile(path, 'x')
async function flipped(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  await writeFile(path, bytes)
}

/** Where content is, by its size, and what can happen to it there. */
const kinds = [
  { what: 'blob', size: 100_000, where: 'blobs/sha256', damages: { ...cuts, lengthened } },
  // What is added to a segment after its records is no part of them.
  { what: 'small blob', size: 4, where: 'segments', damages: { ...cuts, flipped } },
]
const cases = kinds.flatMap(({ damages, ...kind }) =>
  Object.entries(damages).map(([how, damage]) => ({ ...kind, how, damage })),
)

describeOnRuntimes('on %s', (runtime) => {
  const cli = useProgram(runtime)

  test.each(sampleOf('damages', cases, 3))(
    'a $what whose file was $how is missing everywhere until it is pushed again',
    async ({ size, where, damage }) => {
      const folder = cli.folder()
      const { url, child, ended } = await cli.serve('--storage-dir', folder)
      const bytes = randomBytes(size)
      const digest = await pushBlob(url, bytes)
      const blobs = join(folder, where)
      const [name = ''] = await readdir(blobs)
      await damage(join(blobs, name))

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
      expect(Buffer.from(await (await fetch(blob)).arrayBuffer())).toEqual(bytes)
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
