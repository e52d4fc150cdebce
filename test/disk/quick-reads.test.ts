import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OpenFile } from '../../adapters/disk/files.ts'
import { nodeFiles } from '../../adapters/disk/node-files.ts'
import { LatelyRead } from '../../adapters/disk/segments/lately-read.ts'
import { QuickReads } from '../../adapters/disk/segments/quick-reads.ts'
import { SegmentFiles } from '../../adapters/disk/segments/segment-files.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layerdock-quick-'))
  path = join(folder, 'segment')
  await writeFile(path, 'a record and another')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function withFile(work: (file: OpenFile) => void): Promise<void> {
  const file = await nodeFiles.open(path, 'read')
  try {
    work(file)
  } finally {
    await file.close()
  }
}

describe('reads that do not wait', () => {
  test('fill what they are given, or say that the file is shorter', async () => {
    await withFile((file) => {
      const reads = new QuickReads()
      const bytes = Buffer.alloc(6)
      expect(reads.read(file, bytes, 2)).toBe(true)
      expect(bytes.toString()).toBe('record')
      expect(reads.read(file, bytes, 16)).toBe(false)
    })
  })

  test('are not tried for a while after one that took long', async () => {
    await withFile((file) => {
      let now = 0
      let took = 1
      const reads = new QuickReads(() => {
        now += took
        return now
      })
      reads.read(file, Buffer.alloc(6), 0)
      expect(reads.isOn()).toBe(true)
      took = 50
      reads.read(file, Buffer.alloc(6), 0)
      expect(reads.isOn()).toBe(false)
      now += 20_000
      expect(reads.isOn()).toBe(true)
    })
  })

  test('of a closed file fail', async () => {
    const file = await nodeFiles.open(path, 'read')
    await file.close()
    expect(() => file.readNow(Buffer.alloc(6), 0, 6, 0)).toThrow('closed')
  })
})

describe('what was read lately', () => {
  test('is known the second time, and forgotten behind much else', () => {
    const lately = new LatelyRead()
    expect(lately.note(117)).toBe(false)
    expect(lately.note(117)).toBe(true)
    for (let offset = 1000; offset < 4000; offset += 1) lately.note(offset)
    expect(lately.note(117)).toBe(false)
    expect(lately.note(117)).toBe(true)
  })

  test('is warm in a file that is open, and in no other', async () => {
    const files = new SegmentFiles(nodeFiles)
    expect(files.warm(path, 0)).toBeNull()
    await files.use(path, async (file) => file.size)
    expect(files.warm(path, 0)).toBeNull()
    expect(files.warm(path, 0)?.size).toBe(20)
    expect(files.warm(path, 9)).toBeNull()
    await files.forget(path)
    expect(files.warm(path, 0)).toBeNull()
    await files.close()
  })
})
