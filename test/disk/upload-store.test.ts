import { readdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { layoutOf } from '../../adapters/disk/layout.ts'
import { openDiskStore } from '../../adapters/disk/store.ts'
import type { RegistryEvent } from '../../src/index.ts'
import { newUploadId, type UploadSession } from '../../src/kit.ts'
import { fakeClock, repositoryNamed, sampleBytes } from '../../src/testing/index.ts'
import { FaultFiles } from './fault-files.ts'
import { openStore, temporaryFolder } from './temporary.ts'

const caps = { total: 100, perPrincipal: 100 }

function session(fields: Partial<UploadSession> = {}): UploadSession {
  return {
    id: newUploadId(),
    repository: repositoryNamed('a/b'),
    principal: null,
    offset: 0,
    algorithm: 'sha256',
    hexSoFar: null,
    stage: null,
    startedAt: 1000,
    touchedAt: 1000,
    ...fields,
  }
}

/** A process that dies with an upload of 100 bytes acknowledged, and more on their way. */
async function killed(directory: string, boot = 'one'): Promise<UploadSession> {
  const files = new FaultFiles(directory)
  const store = await openDiskStore({ directory, files, boot })
  const made = session()
  await store.uploads.create(made, caps)
  await store.uploads.claim(made.id, 'me', 1000)
  const staged = await store.blobs.stage(made.id, {})
  await staged.write(sampleBytes(100))
  const stage = await staged.suspend()
  const saved = { ...made, offset: 100, hexSoFar: 'ab'.repeat(32), stage }
  expect(await store.uploads.save(saved, 'me')).toBe(true)
  await files.bury()
  return saved
}

describe('after the death of the process', () => {
  test('a session with acknowledged bytes goes on', async () => {
    const directory = await temporaryFolder()
    const saved = await killed(directory)
    const { uploads, blobs } = await openStore({ directory, boot: 'one' })
    expect(await uploads.find(saved.id)).toEqual(saved)
    expect(await uploads.stagedBytes()).toBe(100)
    const staged = await blobs.stage(saved.id, {}, saved.stage ?? undefined)
    expect(staged.size).toBe(100)
    await staged.discard()
  })

  test.each(['two', null])('what was hashed is not believed after a reboot (%s)', async (boot) => {
    const directory = await temporaryFolder()
    const saved = await killed(directory)
    const { uploads } = await openStore({ directory, boot })
    expect(await uploads.find(saved.id)).toEqual({ ...saved, hexSoFar: null })
  })

  test('a session whose bytes are not all there is dropped, and that is told', async () => {
    const directory = await temporaryFolder()
    const { id } = await killed(directory)
    await truncate(layoutOf(directory).staged(id), 99)
    const events: RegistryEvent[] = []
    const { uploads } = await openStore({ directory, events: (event) => events.push(event) })
    expect(await uploads.find(id)).toBeNull()
    expect(events).toMatchObject([{ kind: 'store-recovered', file: `uploads/${id}.json` }])
    expect(await readdir(join(directory, 'uploads'))).toEqual([])
  })

  test.each([
    '',
    '{',
    '[]',
    'null',
    '{"format":2}',
    '{"format":1,"session":{}}',
    'x'.repeat(70_000),
  ])('a session that cannot be read is dropped: %.20j', async (text) => {
    const directory = await temporaryFolder()
    const { id } = await killed(directory)
    await writeFile(layoutOf(directory).session(id), text)
    expect((await openStore({ directory })).status().uploads).toBe(0)
    expect(await readdir(join(directory, 'uploads'))).toEqual([])
  })

  test('every field of a session is checked', async () => {
    const directory = await temporaryFolder()
    await (await openStore({ directory })).close()
    const good = { ...session(), hexSoFar: 'ab' }
    const bad = [
      { id: newUploadId() },
      { id: '../../x' },
      { repository: '../x' },
      { principal: 7 },
      { offset: -1 },
      { offset: 5 },
      { offset: '0' },
      { algorithm: 'md5' },
      { hexSoFar: 1 },
      { stage: {} },
      { stage: { size: 1 } },
      { stage: 'x' },
      { startedAt: null },
      { touchedAt: 'now' },
    ]
    const write = async (fields: object): Promise<void> => {
      const id = newUploadId()
      const document = { format: 1, boot: null, session: { ...good, id, ...fields } }
      await writeFile(layoutOf(directory).session(id), JSON.stringify(document))
    }
    await write({})
    for (const fields of bad) await write(fields)
    expect((await openStore({ directory })).status().uploads).toBe(1)
  })

  test('bytes without a session and files half written are removed, others are left', async () => {
    const directory = await temporaryFolder()
    const { id } = await killed(directory)
    const uploads = join(directory, 'uploads')
    await writeFile(join(uploads, newUploadId()), 'orphan')
    await writeFile(join(uploads, `${newUploadId()}.json.3.new`), '{')
    await symlink('/etc/passwd', join(uploads, newUploadId()))
    await writeFile(join(uploads, 'README'), 'not ours')
    await openStore({ directory })
    expect((await readdir(uploads)).sort()).toEqual([id, `${id}.json`, 'README'].sort())
  })
})

describe('files of sessions', () => {
  test('an upload in one piece writes none', async () => {
    const directory = await temporaryFolder()
    const files = new FaultFiles(directory)
    const { uploads } = await openStore({ directory, files })
    files.calls.length = 0
    const made = session()
    await uploads.create(made, caps)
    await uploads.claim(made.id, 'me', 1000)
    await uploads.save({ ...made, touchedAt: 1001 }, 'me')
    await uploads.remove(made.id)
    expect(files.lines).toEqual([])
  })

  test('a session without bytes outlives a restart in good order', async () => {
    const directory = await temporaryFolder()
    const store = await openStore({ directory })
    const made = [
      session({ touchedAt: 30 }),
      session({ touchedAt: 10 }),
      session({ touchedAt: 20 }),
    ]
    for (const each of made) await store.uploads.create(each, caps)
    await store.close()
    const { uploads } = await openStore({ directory })
    const [third, first, second] = made
    expect(await uploads.expired(100, 10)).toEqual([first, second, third])
    expect(await uploads.expired(20, 10)).toEqual([first])
    await uploads.remove(made[0]?.id ?? newUploadId())
    expect(await readdir(join(directory, 'uploads'))).toHaveLength(2)
  })

  test('a save that fails leaves the session as it was, free, and no file behind', async () => {
    const directory = await temporaryFolder()
    const files = new FaultFiles(directory)
    const { uploads } = await openStore({ directory, files })
    const made = session()
    await uploads.create(made, caps)
    for (const operation of ['create', 'write', 'close', 'rename']) {
      await uploads.claim(made.id, 'me', 1000)
      files.judge = (call) => (call.operation === operation ? 'ENOSPC' : null)
      const later = { ...made, offset: 5, stage: { size: 5 } }
      await expect(uploads.save(later, 'me')).rejects.toMatchObject({ kind: 'storageFull' })
      files.judge = () => null
      expect(await uploads.claim(made.id, 'other', 1)).toEqual(made)
      await uploads.release(made.id, 'other')
      expect(await readdir(join(directory, 'uploads'))).toEqual([])
    }
  })

  test('a session removed while it is saved leaves no file', async () => {
    const directory = await temporaryFolder()
    const { uploads } = await openStore({ directory })
    const made = session()
    await uploads.create(made, caps)
    await uploads.claim(made.id, 'me', 1000)
    const saving = uploads.save({ ...made, offset: 5, stage: { size: 5 } }, 'me')
    expect(await uploads.remove(made.id)).toBe(true)
    expect(await saving).toBe(false)
    expect(await readdir(join(directory, 'uploads'))).toEqual([])
  })

  test('a claim that runs out while its save is under way is not lost', async () => {
    const clock = fakeClock()
    const { uploads } = await openStore({ clock: clock.now })
    const made = session()
    await uploads.create(made, caps)
    await uploads.claim(made.id, 'me', 1000)
    const later = { ...made, offset: 5, stage: { size: 5 } }
    const saving = uploads.save(later, 'me')
    clock.advance(5000)
    expect(await uploads.claim(made.id, 'other', 1000)).toBe('busy')
    expect(await saving).toBe(true)
    expect(await uploads.claim(made.id, 'other', 1000)).toEqual(later)
  })
})
