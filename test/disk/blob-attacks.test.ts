import { execFileSync } from 'node:child_process'
import { mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseBlobKey } from '../../adapters/disk/blob-key.ts'
import { layoutOf } from '../../adapters/disk/layout.ts'
import { parseUploadId } from '../../src/index.ts'
import { newUploadId } from '../../src/kit.ts'
import { sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { runs } from '../sample.ts'
import { digest, faultyStore, plainKey, put } from './faulty-store.ts'

describe('attacks', () => {
  test('a symbolic link in place of a blob is not followed', async () => {
    const { store, directory } = await faultyStore()
    const secret = join(directory, 'secret')
    await writeFile(secret, 'abc')
    await symlink(secret, join(directory, plainKey(digest)))
    expect(await store.blobs.open({ digest, size: 3, key: plainKey(digest) })).toBeNull()
    const blob = await put(store, sampleBytes(5))
    expect((await store.blobs.open(blob))?.size).toBe(5)
    expect(await readFile(secret, 'utf8')).toBe('abc')
  })

  test('a symbolic link in place of staged bytes is not followed', async () => {
    const { store, directory } = await faultyStore()
    const secret = join(directory, 'secret')
    await writeFile(secret, 'abc')
    const id = newUploadId()
    await symlink(secret, layoutOf(directory).staged(id))
    const unknown = { kind: 'uploadUnknown' }
    await expect(store.blobs.stage(id, {}, { size: 3 })).rejects.toMatchObject(unknown)
    const staged = await store.blobs.stage(id, {})
    await staged.write(sampleBytes(10))
    await staged.commit(digest)
    expect(await readFile(secret, 'utf8')).toBe('abc')
  })

  test('a pipe or a folder in place of a blob neither hangs nor opens', async () => {
    const { store, directory } = await faultyStore()
    const [folder, pipe] = [digest, sampleDigest(2)]
    await mkdir(join(directory, plainKey(folder)))
    const ref = { digest: folder, size: 4096, key: plainKey(folder) }
    expect(await store.blobs.open(ref)).toBeNull()
    execFileSync('mkfifo', [join(directory, plainKey(pipe))])
    expect(await store.blobs.open({ digest: pipe, size: 0, key: plainKey(pipe) })).toBeNull()
  })

  test.each([
    '../victim',
    'blobs/../victim',
    'blobs/sha256/../../victim',
    'blobs/sha256/x',
    '/etc/passwd',
    'store.json',
    'uploads/x',
  ])('the key %s opens and deletes nothing', async (key) => {
    const { store, directory } = await faultyStore()
    const victim = join(directory, 'victim')
    await writeFile(victim, 'abc')
    const evil = { digest, size: 3, key }
    expect(await store.blobs.open(evil)).toBeNull()
    expect(await store.blobs.delete(evil)).toBe(false)
    expect((await stat(victim)).size).toBe(3)
    await rm(victim)
  })

  test('a key of another digest opens and deletes nothing', async () => {
    const { store } = await faultyStore()
    const blob = await put(store, sampleBytes(10))
    const evil = { ...blob, digest: sampleDigest(2) }
    expect(await store.blobs.open(evil)).toBeNull()
    expect(await store.blobs.delete(evil)).toBe(false)
    expect((await store.blobs.open(blob))?.size).toBe(10)
  })

  test('no string that passes for a key or an id leads out of the folder', () => {
    const layout = layoutOf('/store')
    const piece = fc.constantFrom(
      '..',
      '/',
      '\\',
      '\0',
      '%2f',
      'blobs',
      'sha256',
      'sha512',
      'a',
      '-',
    )
    const hostile = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    )
    const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64 })
    const start = fc.constantFrom('blobs/sha256/', 'blobs/sha512/', '')
    const text = fc.oneof(hostile, fc.tuple(start, hex, hostile))
    fc.assert(
      fc.property(text, (parts) => {
        const name = typeof parts === 'string' ? parts : parts.join('')
        const parsed = parseBlobKey(name)
        const id = parseUploadId(name)
        const paths: string[] = []
        if (parsed !== null) paths.push(layout.blob(parsed.key))
        if (id !== null) paths.push(layout.staged(id), layout.session(id))
        for (const path of paths) {
          expect(path.startsWith(`/store${sep}`)).toBe(true)
          expect(path).not.toMatch(/\.\.|\0|%|\\/)
        }
      }),
      { numRuns: runs(10_000) },
    )
  })
})
