import { chownSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pushBlob, useProgram } from './harness.ts'
import { entries } from './program.ts'

const other = 12_345

/** The folder and all that is in it. */
function everything(folder: string): readonly string[] {
  const inside = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return [folder, ...inside.map((name) => join(folder, name))]
}

function owners(folder: string): ReadonlySet<number> {
  return new Set(everything(folder).map((path) => lstatSync(path).uid))
}

describe.skipIf(process.getuid?.() !== 0)('root, in the folder of a stopped server', () => {
  const cli = useProgram()

  /** A store with a blob in it, cleanly closed, whose files belong to a user. */
  async function storeOf(uid: number): Promise<string> {
    const folder = cli.folder()
    const { url, child, ended } = await cli.serve('--storage-dir', folder)
    await pushBlob(url, Buffer.from('kept'))
    child.kill('SIGTERM')
    await ended
    for (const path of everything(folder)) chownSync(path, uid, uid)
    return folder
  }

  test('writes nothing into that of another user, and says who may', async () => {
    const folder = await storeOf(other)
    const source = await storeOf(0)
    const lines = [
      ['gc', '--storage-dir', folder],
      ['trash', 'empty', '--storage-dir', folder],
      ['recover', '--storage-dir', folder],
      ['copy', '--from', source, '--to', folder],
    ]
    for (const line of lines) {
      const { code, err } = await cli.run(...line)
      expect([code, err], line[0]).toEqual([1, expect.stringContaining(`sudo -u '#${other}'`)])
    }
    const gc = await cli.run('gc', '--storage-dir', folder)
    expect(gc.err).toContain('or start its server')
    const dry = await cli.run('gc', '--dry-run', '--storage-dir', folder)
    expect([dry.code, dry.out]).toEqual([0, expect.stringContaining('nothing was changed')])
    expect(owners(folder)).toEqual(new Set([other]))
    // It is the store that counts, and not the folder.
    chownSync(source, other, other)
    expect(await cli.run('gc', '--storage-dir', source)).toMatchObject({ code: 0, err: '' })
  })

  test('has the server of another user do the work', async () => {
    const folder = cli.folder()
    await cli.serve('--storage-dir', folder)
    for (const path of everything(folder)) chownSync(path, other, other)
    expect(await cli.run('gc', '--storage-dir', folder)).toMatchObject({ code: 0, err: '' })
  })

  test('serves that of another user, and warns of it', async () => {
    const folder = await storeOf(other)
    const { child, ended } = await cli.serve('--storage-dir', folder)
    child.kill('SIGTERM')
    const warned = entries((await ended).out).filter(({ msg }) =>
      /^the server is root/.test(`${msg}`),
    )
    expect(warned).toMatchObject([{ uid: other }])
  })
})
