import { cp, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { layoutOf } from '../../adapters/disk/layout.ts'
import { longestSession } from '../../adapters/disk/session-file.ts'
import { type DiskStore, openDiskStore } from '../../adapters/disk/store.ts'
import type { Notice } from '../../src/index.ts'
import { memoryStores, newUploadId, type UploadSession } from '../../src/kit.ts'
import { fakeClock, sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import {
  ample,
  claimed,
  found,
  removed,
  saved,
  session,
  withBytes,
} from '../../src/testing/upload-contract/store-case.ts'
import { FaultFiles } from './fault-files.ts'
import { openStore, temporaryFolder } from './temporary.ts'

/** A process that dies with an upload of 100 bytes acknowledged, and more on their way. */
async function killed(
  directory: string,
  boot = 'one',
  segmentLimit = 1000,
): Promise<UploadSession> {
  const files = new FaultFiles(directory)
  const store = await openDiskStore({ directory, files, boot, segmentLimit })
  const made = session({ owner: 'ci' })
  await store.uploads.create(made, ample)
  const staged = await store.blobs.stage(made.id, {})
  await staged.write(sampleBytes(100))
  const stage = await staged.suspend()
  const later = await saved(store.uploads, made, {
    offset: 100,
    hexSoFar: 'ab'.repeat(32),
    hashState: 'c3RhdGU=',
    stage,
  })
  await files.bury()
  return later
}

/** A state that holds its bytes itself. */
function inState(size: number): Partial<UploadSession> {
  return { offset: size, stage: { size, content: Buffer.alloc(size).toString('base64') } }
}

/** What another process would find in the folder as it is at this moment. */
async function copyOf(directory: string): Promise<DiskStore> {
  const copy = await temporaryFolder()
  await cp(directory, copy, { recursive: true })
  return await openStore({ directory: copy, boot: 'one' })
}

describe('after the death of the process', () => {
  test('a session with acknowledged bytes goes on', async () => {
    const directory = await temporaryFolder()
    const before = await killed(directory)
    const { uploads, blobs } = await openStore({ directory, boot: 'one' })
    expect(await found(uploads, before)).toEqual(before)
    expect(await uploads.stagedBytes('ci')).toEqual({ total: 100, own: 100 })
    const staged = await blobs.stage(before.id, {}, before.stage ?? undefined)
    expect(staged.size).toBe(100)
    await staged.discard()
  })

  test.each(['two', null])('hashes are not believed after a reboot (%s)', async (boot) => {
    const directory = await temporaryFolder()
    const before = await killed(directory)
    const { uploads } = await openStore({ directory, boot })
    expect(await found(uploads, before)).toEqual({ ...before, hexSoFar: null, hashState: null })
  })

  test('a session whose bytes are not all there is dropped, with a notice', async () => {
    const directory = await temporaryFolder()
    const before = await killed(directory, 'one', -1)
    await truncate(layoutOf(directory).staged(before.id), 99)
    const notices: Notice[] = []
    const { uploads } = await openStore({ directory, onNotice: (notice) => notices.push(notice) })
    expect(await found(uploads, before)).toBeNull()
    expect(notices).toMatchObject([{ kind: 'store-recovered', file: `uploads/${before.id}` }])
    expect(await readdir(join(directory, 'uploads'))).toEqual([])
  })

  test('a session whose bytes are committed needs no staged bytes', async () => {
    const directory = await temporaryFolder()
    const store = await openDiskStore({ directory, boot: 'one' })
    const made = session()
    await store.uploads.create(made, ample)
    const staged = await store.blobs.stage(made.id, {})
    await staged.write(sampleBytes(100))
    const committed = await staged.commit(sampleDigest(1))
    const later = await saved(store.uploads, made, { offset: 100, committed })
    await store.close()
    const { uploads, blobs } = await openStore({ directory, boot: 'one' })
    expect(await found(uploads, made)).toEqual(later)
    expect((await blobs.open(committed))?.size).toBe(100)
  })

  test('bytes without a session and files half written are removed, others are left', async () => {
    const directory = await temporaryFolder()
    const { id } = await killed(directory, 'one', -1)
    const uploads = join(directory, 'uploads')
    await writeFile(join(uploads, newUploadId()), 'orphan')
    await writeFile(join(uploads, `${newUploadId()}.json.3.new`), '{')
    await symlink('/etc/passwd', join(uploads, newUploadId()))
    await writeFile(join(uploads, 'README'), 'not ours')
    await openStore({ directory })
    expect((await readdir(uploads)).sort()).toEqual([id, 'sessions.2', 'README'].sort())
  })
})

describe('the time a session was idle', () => {
  const hour = 60 * 60 * 1000

  /** Saves a session and dies; the next process starts `later` by its clock. */
  async function restarted(later: number) {
    const directory = await temporaryFolder()
    const clock = fakeClock(10 * hour)
    const files = new FaultFiles(directory)
    const store = await openDiskStore({ directory, files, clock: clock.now })
    const made = session()
    await store.uploads.create(made, ample)
    const staged = await store.blobs.stage(made.id, {})
    await staged.write(sampleBytes(10))
    const stage = await staged.suspend()
    await saved(store.uploads, made, { offset: 10, stage })
    await files.bury()
    const next = fakeClock(10 * hour + later)
    const { uploads } = await openStore({ directory, clock: next.now })
    return { uploads, clock: next, made }
  }

  test('goes on counting while the process is down', async () => {
    const { uploads, clock } = await restarted(20 * hour)
    clock.advance(3 * hour)
    expect(await uploads.expired(24 * hour, 10)).toEqual([])
    clock.advance(hour)
    expect(await uploads.expired(24 * hour, 10)).toHaveLength(1)
  })

  test('leaves ten minutes after a start, however far the clock jumped', async () => {
    const { uploads, clock, made } = await restarted(50 * 365 * 24 * hour)
    expect(await uploads.expired(24 * hour, 10)).toEqual([])
    clock.advance(10 * 60 * 1000 - 1)
    expect(await uploads.find(made.id, 24 * hour)).not.toBeNull()
    clock.advance(1)
    expect(await uploads.find(made.id, 24 * hour)).toBeNull()
    expect(await uploads.expired(24 * hour, 10)).toHaveLength(1)
  })

  test('is nothing where the clock went back', async () => {
    const { uploads, clock } = await restarted(-5 * hour)
    clock.advance(24 * hour - 1)
    expect(await uploads.expired(24 * hour, 10)).toEqual([])
    clock.advance(1)
    expect(await uploads.expired(24 * hour, 10)).toHaveLength(1)
  })
})

describe('files of sessions', () => {
  test('an upload in one piece writes none', async () => {
    const directory = await temporaryFolder()
    const files = new FaultFiles(directory)
    const { uploads } = await openStore({ directory, files })
    files.calls.length = 0
    const made = session()
    await uploads.create(made, ample)
    await saved(uploads, made, {})
    await removed(uploads, made)
    expect(files.lines).toEqual([])
  })

  test('sessions without bytes outlive a restart in good order', async () => {
    const directory = await temporaryFolder()
    const clock = fakeClock()
    const store = await openStore({ directory, clock: clock.now })
    const made = [session(), session(), session()] as const
    for (const each of made) {
      await store.uploads.create(each, ample)
      clock.advance(100)
    }
    await store.close()
    const { uploads } = await openStore({ directory, clock: clock.now })
    clock.advance(20 * 60 * 1000)
    expect(await uploads.expired(100, 10)).toEqual(made)
    await removed(uploads, made[0])
    expect(await found(uploads, made[0])).toBeNull()
    expect(await readdir(join(directory, 'uploads'))).toEqual(['sessions.2'])
  })

  test('a thousand of those without bytes are enough for a restart', async () => {
    const directory = await temporaryFolder()
    const clock = fakeClock()
    const store = await openStore({ directory, clock: clock.now })
    const made: UploadSession[] = []
    for (let count = 0; count < 1003; count += 1) {
      made.push(session())
      clock.advance(1)
      await store.uploads.create(made[count] as UploadSession, { total: 2000, perOwner: 2000 })
    }
    await store.close()
    const { uploads } = await openStore({ directory, clock: clock.now })
    expect(uploads.size).toBe(1000)
    expect(await found(uploads, made[2] as UploadSession)).toBeNull()
    expect(await found(uploads, made[3] as UploadSession)).toEqual(made[3])
  })

  test('an empty chunk makes no file', async () => {
    const directory = await temporaryFolder()
    const { uploads, blobs } = await openStore({ directory })
    const made = session()
    await uploads.create(made, ample)
    const staged = await blobs.stage(made.id, {})
    const stage = await staged.suspend()
    await saved(uploads, made, { stage })
    expect(await readdir(join(directory, 'uploads'))).toEqual([])
    const again = await blobs.stage(made.id, {}, stage)
    await again.write(sampleBytes(10))
    expect((await again.commit(sampleDigest(1))).size).toBe(10)
  })

  test('a session that makes way does not come back', async () => {
    const directory = await temporaryFolder()
    const store = await openStore({ directory })
    const made = session()
    await store.uploads.create(made, ample)
    await store.close()
    const next = await openStore({ directory })
    expect(next.uploads.size).toBe(1)
    await next.uploads.create(session(), { total: 1, perOwner: 1 })
    expect(await found((await copyOf(directory)).uploads, made)).toBeNull()
  })

  test('a save that fails leaves the session as it was, and held', async () => {
    const directory = await temporaryFolder()
    const files = new FaultFiles(directory)
    const { uploads } = await openStore({ directory, files })
    const made = session()
    await uploads.create(made, ample)
    await claimed(uploads, made, 'me')
    const later = { ...made, ...inState(5) }
    for (const operation of ['create', 'write', 'write']) {
      files.judge = (call) => (call.operation === operation ? 'ENOSPC' : null)
      await expect(uploads.save(later, 'me')).rejects.toMatchObject({ kind: 'storageFull' })
      files.judge = () => null
      expect(await found(uploads, made)).toEqual(made)
      expect(await claimed(uploads, made, 'other')).toBe('busy')
      expect(await found((await copyOf(directory)).uploads, made)).toBeNull()
    }
    expect(await uploads.save(later, 'me')).toBe(true)
    expect(await claimed(uploads, made, 'other')).toEqual(later)
    expect(await found((await copyOf(directory)).uploads, made)).toMatchObject({ offset: 5 })
  })

  test('a removal that cannot be noted counts all the same', async () => {
    const directory = await temporaryFolder()
    const files = new FaultFiles(directory)
    const { uploads } = await openStore({ directory, files })
    const made = session()
    await uploads.create(made, ample)
    await saved(uploads, made, withBytes(5))
    await claimed(uploads, made, 'me')
    files.judge = ({ operation }) => (operation === 'write' ? 'ENOSPC' : null)
    expect(await uploads.remove(made.id, 'me')).toBe(true)
    expect(await found(uploads, made)).toBeNull()
    files.judge = () => null
    // The next one is, and the process may end at any moment.
    const next = session()
    await uploads.create(next, ample)
    await saved(uploads, next, withBytes(7))
    await removed(uploads, next)
    expect(await found((await copyOf(directory)).uploads, next)).toBeNull()
  })

  test('a claim that runs out while its save is under way is not lost', async () => {
    const clock = fakeClock()
    const { uploads } = await openStore({ clock: clock.now })
    const made = session()
    await uploads.create(made, ample)
    await claimed(uploads, made, 'me', 1000)
    const later = { ...made, ...withBytes(5) }
    const saving = uploads.save(later, 'me')
    clock.advance(5000)
    expect(await claimed(uploads, made, 'other')).toBe('busy')
    expect(await saving).toBe(true)
    expect(await claimed(uploads, made, 'other')).toEqual(later)
  })

  test('a state that is too large is refused, and one that is just small enough is kept', async () => {
    const directory = await temporaryFolder()
    const blobs = memoryStores().blobs
    const store = await openStore({ directory, blobs, boot: 'one' })
    const made = session()
    await store.uploads.create(made, ample)
    const stage = (length: number) => ({
      ...withBytes(1),
      stage: { size: 1, is: 'x'.repeat(length) },
    })
    await expect(saved(store.uploads, made, stage(longestSession))).rejects.toThrow('too many')
    expect(await found(store.uploads, made)).toEqual(made)
    const later = await saved(store.uploads, made, stage(longestSession - 1000))
    await store.close()
    const again = await openStore({ directory, blobs, boot: 'one' })
    expect(await found(again.uploads, made)).toEqual(later)
  })

  test('the end does not fail when nothing can be written any more', async () => {
    const directory = await temporaryFolder()
    const files = new FaultFiles(directory)
    const notices: Notice[] = []
    const store = await openStore({ directory, files, onNotice: (notice) => notices.push(notice) })
    await store.uploads.create(session(), ample)
    files.judge = ({ operation }) => (operation === 'create' ? 'EROFS' : null)
    await store.close()
    const failures = notices.filter(({ kind }) => kind === 'background-failure')
    expect(failures).toMatchObject([{ retried: false }])
  })
})

describe('bytes that are elsewhere', () => {
  test('are not looked for, and every field of their state is kept', async () => {
    const directory = await temporaryFolder()
    const blobs = memoryStores().blobs
    const store = await openStore({ directory, blobs, boot: 'one' })
    const made = session()
    await store.uploads.create(made, ample)
    const stage = {
      size: 7,
      key: 'a/b',
      upload: 'u',
      parts: [{ number: 1, etag: 'e' }],
      tail: null,
    }
    const later = await saved(store.uploads, made, { offset: 7, stage, hashState: 'c3Q=' })
    await store.close()
    const again = await openStore({ directory, blobs, boot: 'one' })
    expect(await found(again.uploads, made)).toEqual(later)
    expect(again.status().blobs).toBe('elsewhere')
    const line = await readFile(layoutOf(directory).sessions(2), 'utf8')
    expect(JSON.parse(line.slice(9))).toMatchObject({ format: 2, session: { stage } })
  })
})

describe('the file of sessions', () => {
  test('is written again with the sessions that are open, and the one before it goes', async () => {
    const directory = await temporaryFolder()
    const { uploads } = await openStore({ directory, boot: 'one' })
    const kept = session()
    await uploads.create(kept, ample)
    const last = await saved(uploads, kept, inState(5))
    const large = { ...inState(9), hashState: 'x'.repeat(200_000) }
    for (let round = 0; round < 12; round += 1) {
      const made = session()
      await uploads.create(made, ample)
      await saved(uploads, made, large)
      await removed(uploads, made)
    }
    const names = await readdir(join(directory, 'uploads'))
    expect(names).toHaveLength(1)
    expect(names[0]).not.toBe('sessions.1')
    const copy = await copyOf(directory)
    expect(copy.uploads.size).toBe(1)
    expect(await found(copy.uploads, kept)).toEqual(last)
  })

  test('is read as far as it is whole, wherever it was cut or changed', async () => {
    const directory = await temporaryFolder()
    const { uploads } = await openStore({ directory, boot: 'one' })
    const made = [session(), session(), session()]
    for (const each of made) {
      await uploads.create(each, ample)
      await saved(uploads, each, inState(5))
    }
    const path = layoutOf(directory).sessions(1)
    const whole = await readFile(path)
    const ends = made.map((_, number) => {
      let end = 0
      for (let line = 0; line <= number; line += 1) end = whole.indexOf(10, end) + 1
      return end
    })
    for (let length = 0; length <= whole.length; length += 97) {
      const copy = await temporaryFolder()
      await cp(directory, copy, { recursive: true })
      await writeFile(join(copy, 'uploads/sessions.1'), whole.subarray(0, length))
      const store = await openStore({ directory: copy, boot: 'one' })
      expect(store.uploads.size).toBe(ends.filter((end) => end <= length).length)
      await store.close()
    }
    for (let at = 0; at < whole.length; at += 97) {
      const copy = await temporaryFolder()
      await cp(directory, copy, { recursive: true })
      const flipped = Buffer.from(whole)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      await writeFile(join(copy, 'uploads/sessions.1'), flipped)
      const store = await openStore({ directory: copy, boot: 'one' })
      expect(store.uploads.size).toBe(2)
      await store.close()
    }
  })
})
