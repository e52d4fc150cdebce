import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testInCi } from '../on-runtimes.ts'
import { pushBlob, useProgram } from './harness.ts'

const cli = useProgram()

/** A store with one tag in it, cleanly closed. */
async function store(): Promise<{ folder: string; digest: string }> {
  const folder = cli.folder()
  const { url, child, ended } = await cli.serve('--storage-dir', folder)
  const digest = await pushBlob(url, Buffer.from('kept'))
  child.kill('SIGTERM')
  await ended
  return { folder, digest }
}

/** Flips a bit in the names and in what they could be read from instead; the files, as they are then. */
function damage(folder: string): ReadonlyMap<string, Buffer> {
  const names = ['metadata.json', 'journal.0']
  return new Map(
    names.map((name) => {
      const bytes = readFileSync(join(folder, name))
      const middle = Math.floor(bytes.length / 2)
      bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle)
      writeFileSync(join(folder, name), bytes)
      return [name, bytes]
    }),
  )
}

test('leaves a whole store alone', async () => {
  const { folder } = await store()
  expect(await cli.run('recover', '--storage-dir', folder)).toMatchObject({
    code: 0,
    out: expect.stringContaining('the store is whole'),
  })
  expect(await cli.run('recover', '--storage-dir', folder, '--start-empty')).toMatchObject({
    code: 1,
    err: expect.stringContaining('nothing was changed'),
  })
})

testInCi('says what opening a store put right', async () => {
  const { folder, digest } = await store()
  const names = readdirSync(folder).filter((name) => /^journal\.\d+$/.test(name))
  const newest = names.sort((a, b) => Number(a.slice(8)) - Number(b.slice(8))).at(-1) ?? ''
  appendFileSync(join(folder, newest), 'torn')
  const snapshot = readFileSync(join(folder, 'metadata.json'))
  snapshot.writeUInt8(snapshot.readUInt8(snapshot.length - 3) ^ 1, snapshot.length - 3)
  writeFileSync(join(folder, 'metadata.json'), snapshot)
  const looked = await cli.run('recover', '--storage-dir', folder)
  expect(looked.code).toBe(0)
  expect(looked.out).toContain('the store was damaged, lost nothing by it, and is whole again')
  expect(looked.out).toMatch(/^metadata\.json: damaged, kept as quarantine\/metadata\.json/m)
  expect(looked.out).toMatch(new RegExp(`^${newest}: 4 bytes .* kept as quarantine/`, 'm'))
  const again = await cli.run('recover', '--storage-dir', folder)
  expect(again.out).toContain('the store is whole')
  const { url } = await cli.serve('--storage-dir', folder)
  expect(await (await fetch(`${url}/v2/a/blobs/${digest}`)).text()).toBe('kept')
})

test('explains a folder that the system refuses to look at', async () => {
  const folder = join(cli.folder(), 'x'.repeat(300))
  const { code, err } = await cli.run('recover', '--storage-dir', folder)
  expect([code, err]).toEqual([1, expect.stringContaining('--storage-dir')])
  expect(err.trim().split('\n')).toHaveLength(1)
})

test('a damaged store is not served, and the way to recover is named', async () => {
  const { folder } = await store()
  const damaged = damage(folder)
  const { code, err } = await cli.run('serve', '--listen', '127.0.0.1:0', '--storage-dir', folder)
  expect(code).toBe(1)
  expect(err).toMatch(/journal\.0|metadata\.json/)
  expect(err).toContain(`layerdock recover --storage-dir ${folder}`)

  const looked = await cli.run('recover', '--storage-dir', folder)
  expect(looked).toMatchObject({ code: 1, out: expect.stringContaining('--start-empty') })
  for (const [name, bytes] of damaged) {
    expect(readFileSync(join(folder, name)).equals(bytes)).toBe(true)
  }
})

test('--start-empty keeps the damaged file and every blob, and the store opens', async () => {
  const { folder, digest } = await store()
  const damaged = damage(folder)
  expect((await cli.run('recover', '--storage-dir', folder, '--start-empty')).code).toBe(0)
  const kept = readdirSync(join(folder, 'quarantine'))
  for (const [name, bytes] of damaged) {
    const place = kept.find((candidate) => candidate.startsWith(`${name}.`)) ?? ''
    expect(readFileSync(join(folder, 'quarantine', place)).equals(bytes)).toBe(true)
  }

  const { url } = await cli.serve('--storage-dir', folder)
  expect((await fetch(`${url}/v2/a/blobs/${digest}`)).status).toBe(404)
  expect(await pushBlob(url, Buffer.from('kept'))).toBe(digest)
  expect(await (await fetch(`${url}/v2/a/blobs/${digest}`)).text()).toBe('kept')
})

test('--restore-marker brings a store back whose marker alone is lost', async () => {
  const { folder, digest } = await store()
  rmSync(join(folder, 'store.json'))
  expect((await cli.run('serve', '--listen', '127.0.0.1:0', '--storage-dir', folder)).code).toBe(1)
  expect((await cli.run('recover', '--storage-dir', folder, '--restore-marker')).code).toBe(0)
  const { url } = await cli.serve('--storage-dir', folder)
  expect(await (await fetch(`${url}/v2/a/blobs/${digest}`)).text()).toBe('kept')
})

test('--accept-loss goes on with what is whole of a journal that lost its end', async () => {
  const folder = cli.folder()
  const { url, child, ended } = await cli.serve('--storage-dir', folder)
  const digest = await pushBlob(url, Buffer.from('kept'))
  await pushBlob(url, Buffer.from('lost'))
  const journal = join(folder, 'journal.0')
  const frames = readFileSync(journal, 'utf8').split('\n')
  const sealed = (): boolean => !/^seal 0 0 .*\nseal 0 0 /.test(readFileSync(sealFile, 'utf8'))
  const sealFile = join(folder, 'journal.seal')
  await expect.poll(sealed).toBe(true)
  child.kill('SIGKILL')
  await ended
  writeFileSync(journal, `${frames[0]}\n${frames[1]?.slice(0, 50)}`)

  const refused = await cli.run('serve', '--listen', '127.0.0.1:0', '--storage-dir', folder)
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('journal.0')])
  const looked = await cli.run('recover', '--storage-dir', folder)
  expect(looked).toMatchObject({ code: 1, out: expect.stringContaining('--accept-loss') })
  const recovered = await cli.run('recover', '--storage-dir', folder, '--accept-loss')
  expect(recovered).toMatchObject({
    code: 0,
    out: expect.stringMatching(/Kept: quarantine\/journal\.seal.*50 bytes/s),
  })
  const next = await cli.serve('--storage-dir', folder)
  expect(await (await fetch(`${next.url}/v2/a/blobs/${digest}`)).text()).toBe('kept')
  const again = await cli.run('recover', '--storage-dir', cli.folder(), '--accept-loss')
  expect(again.code).toBe(1)
})

testInCi('--accept-loss does not help a journal that is damaged before its end', async () => {
  const { folder } = await store()
  damage(folder)
  const seal = readFileSync(join(folder, 'journal.seal'))
  expect(await cli.run('recover', '--storage-dir', folder, '--accept-loss')).toMatchObject({
    code: 1,
    err: expect.stringContaining('journal.0'),
  })
  expect(readFileSync(join(folder, 'journal.seal')).equals(seal)).toBe(true)
})

testInCi('--restore-marker does not help a damaged journal, and says so', async () => {
  const { folder } = await store()
  damage(folder)
  expect(await cli.run('recover', '--storage-dir', folder, '--restore-marker')).toMatchObject({
    code: 1,
    err: expect.stringContaining('store.json is whole'),
  })
})

test('a folder of other things is not touched', async () => {
  const folder = cli.folder()
  appendFileSync(join(folder, 'thesis.txt'), 'years of work')
  for (const way of [[], ['--start-empty'], ['--restore-marker'], ['--accept-loss']]) {
    expect((await cli.run('recover', '--storage-dir', folder, ...way)).code).toBe(1)
  }
  expect(readdirSync(folder)).toEqual(['thesis.txt'])
})

test('a folder that is not there is not made', async () => {
  const folder = join(cli.folder(), 'nowhere')
  expect((await cli.run('recover', '--storage-dir', folder)).code).toBe(1)
  expect(() => readdirSync(folder)).toThrow()
})
