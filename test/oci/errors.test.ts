import { describe, expect, test } from 'vitest'
import { BodyInterrupted } from '../../src/oci/body-interrupted.ts'
import { errorRows } from '../../src/oci/error-codes.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import { StoreDamaged } from '../../src/oci/store-damaged.ts'

/** The codes of distribution-spec, "Error Codes", with its words for them. */
const specified: Readonly<Record<string, string>> = {
  BLOB_UNKNOWN: 'blob unknown to registry',
  BLOB_UPLOAD_INVALID: 'blob upload invalid',
  BLOB_UPLOAD_UNKNOWN: 'blob upload unknown to registry',
  DIGEST_INVALID: 'provided digest did not match uploaded content',
  MANIFEST_BLOB_UNKNOWN: 'manifest references a manifest or blob unknown to registry',
  MANIFEST_INVALID: 'manifest invalid',
  MANIFEST_UNKNOWN: 'manifest unknown to registry',
  NAME_INVALID: 'invalid repository name',
  NAME_UNKNOWN: 'repository name not known to registry',
  SIZE_INVALID: 'provided length did not match content length',
  UNAUTHORIZED: 'authentication required',
  DENIED: 'requested access to the resource is denied',
  UNSUPPORTED: 'the operation is unsupported',
  TOOMANYREQUESTS: 'too many requests',
}

describe('the table of errors', () => {
  test.each(Object.entries(errorRows))('%s has a legal code, status and message', (_, row) => {
    if (row.status === 503) expect(row.code).toBe('UNAVAILABLE')
    else if (row.status >= 500) expect(row.code).toBe('UNKNOWN')
    else expect(row.message.startsWith(`${specified[row.code]}: `)).toBe(true)
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
  test('is its row when nothing is added', () => {
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

  test('carries its details, headers and cause', () => {
    const cause = new Error('beneath')
    const error = new RegistryError('chunkOutOfOrder', {
      advice: 'other words',
      detail: { offset: 3 },
      headers: { Range: '0-2' },
      cause,
    })
    expect(error.message).toBe('blob upload invalid: other words')
    const failure = new RegistryError('internal', { advice: 'other words' })
    expect(failure.message).toBe('other words')
    expect(error.details).toEqual([{ offset: 3 }])
    expect(error.headers).toEqual({ Range: '0-2' })
    expect(error.cause).toBe(cause)
    expect(new RegistryError('internal', { details: [1, 2] }).details).toEqual([1, 2])
  })
})

test('the other errors have their names', () => {
  expect(new BodyInterrupted('x').name).toBe('BodyInterrupted')
  expect(new StoreDamaged('journal.3', 'frame 7 is damaged')).toMatchObject({
    name: 'StoreDamaged',
    file: 'journal.3',
    message: 'journal.3: frame 7 is damaged',
  })
})
