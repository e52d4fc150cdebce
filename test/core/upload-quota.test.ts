import { describe, expect, test } from 'vitest'
import { callContext } from '../../src/core/call-context.ts'
import { uploadQuota } from '../../src/core/upload-quota.ts'
import { memoryUploads } from '../../src/memory/upload-store.ts'
import { RegistryError } from '../../src/oci/registry-error.ts'
import { repositoryName } from '../../src/oci/repository-name.ts'
import { defaultLimits, type RegistryLimits } from '../../src/options.ts'
import { opened, removed, saved, withBytes } from '../../src/testing/upload-contract/store-case.ts'
import { inHand, sha256, sourceOf } from './registry-in-hand.ts'

const tooMany = { kind: 'tooManyUploadBytes', headers: { 'Retry-After': '60' } }

function quotaOf(limits: Partial<RegistryLimits>) {
  const uploads = memoryUploads()
  return { uploads, quota: uploadQuota({ uploads, limits: { ...defaultLimits, ...limits } }) }
}

describe('the share of an owner', () => {
  test.each([
    ['half of all, where no limit is set', {}, 50],
    ['what a limit says', { uploadBytesPerOwner: 70 }, 70],
  ])('is %s', async (_, limits, share) => {
    const { quota } = quotaOf({ uploadBytes: 100, ...limits })
    const one = await quota.open('a')
    expect(one.share).toBe(share)
    await one.reserve(share)
    await expect(one.reserve(1)).rejects.toMatchObject(tooMany)
  })

  test('is of sessions and of what comes in, and leaves the rest to others', async () => {
    const { quota, uploads } = quotaOf({ uploadBytes: 100 })
    const session = await opened(uploads, { owner: 'a', ...withBytes(20) })
    const [one, two] = [await quota.open('a'), await quota.open('a')]
    await one.reserve(20)
    await two.reserve(10)
    await expect(two.reserve(1)).rejects.toThrow(/finish or cancel some/)
    const other = await quota.open('b')
    await other.reserve(49)
    two.release()
    await removed(uploads, session)
    await one.reserve(30)
    await expect(one.reserve(1)).rejects.toMatchObject(tooMany)
  })

  test('is counted once where bytes land while sessions are counted', async () => {
    const { quota, uploads } = quotaOf({ uploadBytes: 100 })
    const session = await opened(uploads, { owner: 'a' })
    const [one, two] = [await quota.open('a'), await quota.open('a')]
    await one.reserve(30)
    await saved(uploads, session, withBytes(30))
    one.release()
    await two.reserve(20)
    await expect(two.reserve(1)).rejects.toMatchObject(tooMany)
  })

  test('is all there is for callers that cannot be told apart', async () => {
    const { quota } = quotaOf({ uploadBytes: 100, uploadBytesPerOwner: 10 })
    const one = await quota.open(null)
    expect(one.share).toBe(100)
    await one.reserve(100)
    await expect(one.reserve(1)).rejects.toThrow(/this registry allows/)
  })

  test('is never more than all there is', async () => {
    const { quota, uploads } = quotaOf({ uploadBytes: 100, uploadBytesPerOwner: 1000 })
    await opened(uploads, { owner: 'b', ...withBytes(40) })
    const one = await quota.open('a')
    expect(one.share).toBe(100)
    await one.reserve(60)
    await expect(one.reserve(1)).rejects.toThrow(/this registry allows/)
  })
})

test('nothing is kept of owners whose requests have ended', async () => {
  const { quota, uploads } = quotaOf({})
  for (let number = 0; number < 100; number += 1) {
    const [one, two] = [await quota.open(`${number}`), await quota.open(`${number}`)]
    await one.reserve(10)
    one.release()
    expect(quota.owners).toBe(1)
    two.release()
  }
  expect(quota.owners).toBe(0)

  const away = { ...uploads, stagedBytes: () => Promise.reject(new RegistryError('unavailable')) }
  const unable = uploadQuota({ uploads: away, limits: defaultLimits })
  await expect(unable.open('a')).rejects.toMatchObject({ kind: 'unavailable' })
  expect(unable.owners).toBe(0)
})

test('a body that ends badly gives its bytes back to its owner', async () => {
  const app = repositoryName('app')
  const { service } = inHand({ limits: { uploadBytes: 20 } }).registry
  const call = callContext({ principal: { id: 'ann' } })
  for (let round = 0; round < 5; round += 1) {
    const wrong = { source: sourceOf('x'.repeat(10)) }
    const push = service.pushBlob(call, app, sha256('another'), wrong)
    await expect(push).rejects.toMatchObject({ kind: 'digestMismatch' })
    const { id } = await service.startUpload(call, app)
    const short = { source: sourceOf('x'.repeat(9)), length: 10 }
    const append = service.appendUpload(call, app, id, short)
    await expect(append).rejects.toMatchObject({ kind: 'sizeInvalid' })
  }
  const text = 'y'.repeat(10)
  const { id } = await service.startUpload(call, app)
  await service.appendUpload(call, app, id, { source: sourceOf(text) })
  const other = { source: sourceOf(text) }
  await expect(service.pushBlob(call, app, sha256(text), other)).rejects.toMatchObject(tooMany)
  await service.finishUpload(call, app, id, sha256(text), null)
  await service.pushBlob(call, app, sha256(text), { source: sourceOf(text) })
})
