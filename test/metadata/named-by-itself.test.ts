import { expect, test } from 'vitest'
import { Batch } from '../../src/metadata/batch.ts'
import { linkBlob, putManifest } from '../../src/metadata/changes.ts'
import { deleteManifest } from '../../src/metadata/deletions.ts'
import { State } from '../../src/metadata/state.ts'
import { miscounts } from './dump.ts'
import { blobOf, digests, recordOf, repositories } from './samples.ts'

test('a digest that is a manifest, and a blob that it names, counts once and is taken off once', () => {
  const state = new State()
  const [repository] = repositories
  const [digest] = digests
  if (repository === undefined || digest === undefined) throw new Error('no samples')
  const make = (change: (batch: Batch) => unknown): void => {
    change(new Batch(state, { time: 1, now: 1 }))
    expect(miscounts(state)).toEqual([])
  }
  const { pushedAt: _, ...record } = recordOf(digest, { references: [digest] })
  const put = { record, tags: [], requires: [], immutable: [] }
  make((batch) => putManifest(batch, repository, put, 1000))
  make((batch) => linkBlob(batch, repository, { ...blobOf(digest), key: record.blob.key }, 1000))
  make((batch) => deleteManifest(batch, repository, digest, { leaseMs: 1000 }))
  expect(state.repositories.get(repository)?.bytes).toBe(0)
})
