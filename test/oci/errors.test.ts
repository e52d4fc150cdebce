import { describe, expect, test } from 'vitest'
import { BodyInterrupted } from '../../src/oci/body-interrupted.ts'
import { errorRows } from '../../src/oci/error-codes.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import { StoreDamaged } from '../../src/oci/store-damaged.ts'

/** The codes of distribution-spec, "Error Codes". */
const specified = [
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'BLOB_UPLOAD_UNKNOWN',
  'DIGEST_INVALID',
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_INVALID',
  'MANIFEST_UNKNOWN',
  'NAME_INVALID',
  'NAME_UNKNOWN',
  'SIZE_INVALID',
  'UNAUTHORIZED',
  'DENIED',
  'UNSUPPORTED',
  'TOOMANYREQUESTS',
]

describe('the table of errors', () => {
  test.each(Object.entries(errorRows))('%s has a legal code, status and message', (_, row) => {
    if (row.status >= 500) expect(row.code).toBe('UNKNOWN')
    else expect(specified).toContain(row.code)
    expect(Number.isInteger(row.status)).toBe(true)
    expect(row.status).toBeGreaterThanOrEqual(400)
    expect(row.status).toBeLessThan(600)
    expect(row.message).toMatch(/^\S.{9,}\S$/)
    expect(row.message.endsWith('.')).toBe(false)
  })

  test.each([
    ['UNAUTHORIZED', 401],
    ['TOOMANYREQUESTS', 429],
    ['BLOB_UNKNOWN', 404],
    ['BLOB_UPLOAD_UNKNOWN', 404],
    ['MANIFEST_UNKNOWN', 404],
    ['NAME_UNKNOWN', 404],
    ['MANIFEST_BLOB_UNKNOWN', 400],
    ['DIGEST_INVALID', 400],
  ])('%s is always %d', (code, status) => {
    const rows = Object.values(errorRows).filter((row) => row.code === code)
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expect(row.status).toBe(status)
  })
})

describe('RegistryError', () => {
  test('is its row where nothing is added', () => {
    const error = new RegistryError('blobUnknown')
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      kind: 'blobUnknown',
      code: 'BLOB_UNKNOWN',
      status: 404,
      message: errorRows.blobUnknown.message,
      details: [],
      headers: {},
    })
    expect('cause' in error).toBe(false)
  })

  test('carries what is added', () => {
    const cause = new Error('beneath')
    const error = new RegistryError('chunkOutOfOrder', {
      message: 'other words',
      detail: { offset: 3 },
      headers: { Range: '0-2' },
      cause,
    })
    expect(error.message).toBe('other words')
    expect(error.details).toEqual([{ offset: 3 }])
    expect(error.headers).toEqual({ Range: '0-2' })
    expect(error.cause).toBe(cause)
    expect(new RegistryError('internal', { details: [1, 2] }).details).toEqual([1, 2])
  })
})

test('the other errors say their names', () => {
  expect(new BodyInterrupted('x').name).toBe('BodyInterrupted')
  expect(new StoreDamaged('journal.3', 'frame 7 is damaged')).toMatchObject({
    name: 'StoreDamaged',
    file: 'journal.3',
    message: 'journal.3: frame 7 is damaged',
  })
})
