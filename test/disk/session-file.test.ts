import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { layoutOf } from '../../adapters/disk/layout.ts'
import { longestSession, parseSession, sessionText } from '../../adapters/disk/session-file.ts'
import { newUploadId } from '../../src/kit.ts'
import { sampleDigest } from '../../src/testing/index.ts'
import { session } from '../../src/testing/upload-contract/store-case.ts'
import { openStore, temporaryFolder } from './temporary.ts'

/** A session as format 1 wrote it. */
const old = {
  id: newUploadId(),
  repository: 'a/b',
  principal: 'ci',
  offset: 5,
  algorithm: 'sha256',
  hexSoFar: 'ab',
  stage: { size: 5 },
  startedAt: 1000,
  touchedAt: 2000,
}

const full = session({
  principal: 'p',
  owner: 'o',
  offset: 5,
  hexSoFar: 'ab',
  hashState: 'c3Q=',
  stage: { size: 5, parts: [1, { deep: null }] },
  committed: { digest: sampleDigest(1), size: 5, key: 'k' },
})

function textOf(document: object): string {
  return JSON.stringify(document)
}

describe('a session file', () => {
  test('reads as it was written', () => {
    const text = sessionText({ session: full, savedAt: 77 }, 'boot')
    expect(parseSession(text, 'boot')).toEqual({ session: full, savedAt: 77 })
    const unsure = { ...full, hexSoFar: null, hashState: null }
    expect(parseSession(text, 'later')).toEqual({ session: unsure, savedAt: 77 })
    expect(parseSession(text, null)).toEqual({ session: unsure, savedAt: 77 })
  })

  test('of format 1 is read', () => {
    const { touchedAt, ...fields } = old
    const read = parseSession(textOf({ format: 1, boot: 'boot', session: old }), 'boot')
    expect(read).toEqual({
      session: { ...fields, owner: 'ci', hashState: null, committed: null },
      savedAt: touchedAt,
    })
  })

  test.each([
    ['another id', { id: '../../x' }],
    ['a repository that is not a name', { repository: '../x' }],
    ['a principal that is not text', { principal: 7 }],
    ['an owner that is not text', { owner: {} }],
    ['a missing owner', { owner: undefined }],
    ['a negative offset', { offset: -1 }],
    ['an offset that is text', { offset: '5' }],
    ['an unknown algorithm', { algorithm: 'md5' }],
    ['a hash that is not text', { hexSoFar: 1 }],
    ['a state of the hash that is not text', { hashState: [] }],
    ['a stage without its size', { stage: {}, committed: null }],
    ['a stage of another size', { stage: { size: 1 }, committed: null }],
    ['a stage that is text', { stage: 'x' }],
    ['no stage for its bytes', { stage: null, committed: null }],
    ['a committed blob without a digest', { committed: { size: 5, key: 'k' } }],
    ['a committed blob without a size', { committed: { digest: sampleDigest(1), key: 'k' } }],
    ['a committed blob without a key', { committed: { digest: sampleDigest(1), size: 5 } }],
    ['no start', { startedAt: null }],
  ])('with %s is not read', (_, fields) => {
    const document = { format: 2, boot: null, savedAt: 1, session: { ...full, ...fields } }
    expect(parseSession(textOf(document), null)).toBeNull()
  })

  test.each([
    '',
    '{',
    '[]',
    'null',
    '{"format":3}',
    '{"format":2,"session":{}}',
    textOf({ format: 2, boot: null, session: full }),
    textOf({ format: 2, boot: null, savedAt: 'now', session: full }),
    textOf({ format: 1, boot: null, session: { ...old, touchedAt: 'now' } }),
    textOf({ format: 1, boot: null, session: full }),
  ])('is dropped when it cannot be read: %.40s', async (text) => {
    expect(parseSession(text, null)).toBeNull()
  })

  test('that is too long or of another upload is dropped at start', async () => {
    const directory = await temporaryFolder()
    await (await openStore({ directory })).close()
    const good = session()
    const document = textOf({ format: 2, boot: null, savedAt: 1, session: good })
    await writeFile(layoutOf(directory).session(good.id), document)
    await writeFile(layoutOf(directory).session(newUploadId()), document)
    await writeFile(layoutOf(directory).session(newUploadId()), document.padEnd(longestSession + 1))
    expect((await openStore({ directory })).status().uploads).toBe(1)
  })
})
