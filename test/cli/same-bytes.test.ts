import { expect, test } from 'vitest'
import { expectSameBytes } from '../../adapters/cli/stores/same-bytes.ts'
import type { KeyStore } from '../../src/access/index.ts'

const places = { names: 'the database db/app', bytes: 's3://bytes' }

/** A database, a bucket, and what stands in them. */
function empty() {
  const texts: { names: string | null; bytes: string | null } = { names: null, bytes: null }
  const names: KeyStore = {
    read: async () => texts.names,
    async replace(before, after) {
      if (texts.names !== before) return false
      texts.names = after
      return true
    },
  }
  const bytes = {
    read: async () => texts.bytes,
    async write(text: string) {
      texts.bytes ??= text
    },
  }
  return { texts, names, bytes }
}

test('the first start makes a pair of them, and later ones find it', async () => {
  const { texts, names, bytes } = empty()
  await Promise.all([1, 2, 3].map(() => expectSameBytes(names, bytes, places)))
  const made = { ...texts }
  expect(JSON.parse(made.bytes ?? '').id).toBe(JSON.parse(made.names ?? '').id)
  await expectSameBytes(names, bytes, places)
  expect(texts).toEqual(made)
})

test('a start that was cut short is made good by the next', async () => {
  const { texts, names, bytes } = empty()
  const failing = { ...bytes, write: () => Promise.reject(new Error('cut')) }
  await expect(expectSameBytes(names, failing, places)).rejects.toThrow('cut')
  await expectSameBytes(names, bytes, places)
  expect(JSON.parse(texts.names ?? '')).toMatchObject({ isMarked: true })
})

test('bytes of another registry are refused', async () => {
  const [one, other] = [empty(), empty()]
  await expectSameBytes(one.names, one.bytes, places)
  const fresh = expectSameBytes(other.names, one.bytes, places)
  await expect(fresh).rejects.toThrow('s3://bytes has the bytes of another registry')
  expect(other.texts.names).toBe(null)
  await expectSameBytes(other.names, other.bytes, places)
  const crossed = expectSameBytes(other.names, one.bytes, places)
  await expect(crossed).rejects.toThrow('s3://bytes has the bytes of another registry')
})

test('names whose bytes are elsewhere are not served from an empty bucket', async () => {
  const one = empty()
  await expectSameBytes(one.names, one.bytes, places)
  const started = expectSameBytes(one.names, empty().bytes, places)
  await expect(started).rejects.toThrow('the bytes of the database db/app are elsewhere')
})
