import { beforeAll, describe, expect, it } from 'vitest'
import { createRegistry } from '../../src/index.ts'
import { mostRanges } from '../../src/oci/byte-range.ts'
import { sampleBytes } from '../../src/testing/index.ts'
import { type Client, clientOf } from './client.ts'

/** With many small ranges in one request, other servers sent a blob many times. */

const size = 100_000
const bytes = sampleBytes(size)
let client: Client
let path: string

beforeAll(async () => {
  client = clientOf(createRegistry())
  path = `/v2/app/blobs/${(await client.pushBlob('app', bytes)).digest}`
})

async function ask(range: string): Promise<{ status: number; body: Uint8Array }> {
  const answer = await client.send('GET', path, { headers: { range } })
  return { status: answer.status, body: new Uint8Array(await answer.arrayBuffer()) }
}

/** The bytes that a request asks for if every range is sent. */
const amplified: ReadonlyArray<readonly [what: string, range: string]> = [
  ['10,000 ranges of the whole', `bytes=${Array(10_000).fill('0-').join(',')}`],
  [
    '10,000 overlapping ranges',
    `bytes=${Array.from({ length: 10_000 }, (_, n) => `${n}-`).join(',')}`,
  ],
  ['10,000 suffixes', `bytes=${Array(10_000).fill('-99999').join(',')}`],
  [
    '10,000 single bytes',
    `bytes=${Array.from({ length: 10_000 }, (_, n) => `${n}-${n}`).join(',')}`,
  ],
  ['two ranges', 'bytes=0-99999,0-99999'],
  ['two ranges of more than the whole', 'bytes=0-60000,50000-99999'],
]

describe('a range gives at most the blob once', () => {
  it.each(amplified)('%s', async (_, range) => {
    const { status, body } = await ask(range)
    expect(status).toBe(200)
    expect(body.byteLength).toBe(size)
    expect(Buffer.from(body).equals(bytes)).toBe(true)
  })

  it.each([
    ['bytes=0-', 0, size],
    ['bytes=10-19', 10, 20],
    ['bytes=99999-', 99_999, size],
    ['bytes=0-99999999999', 0, size],
    ['bytes=-5', size - 5, size],
    ['bytes=-9007199254740993', 0, size],
    ['bytes=5-9007199254740993', 5, size],
  ])('%s is one part', async (range, start, end) => {
    const { status, body } = await ask(range)
    expect(status).toBe(206)
    expect(Buffer.from(body).equals(bytes.subarray(start, end))).toBe(true)
  })

  it.each(['bytes=100000-', 'bytes=500-0', 'bytes=-0', 'bytes=9999999999999999-'])(
    '%s is 416 without any byte of the blob',
    async (range) => {
      const { status, body } = await ask(range)
      expect(status).toBe(416)
      expect(body.byteLength).toBeLessThan(1_000)
    },
  )

  it.each([
    ['two ranges', 'bytes=0-49999,50000-99999', 2],
    ['two ranges with spaces', 'bytes=0-1 , 4-5', 2],
    ['as many ranges as are taken', `bytes=${Array(mostRanges).fill('0-0').join(',')}`, mostRanges],
  ])('%s give the blob and few other bytes', async (_, range, count) => {
    const { status, body } = await ask(range)
    expect(status).toBe(206)
    expect(body.byteLength).toBeLessThan(size + count * 200)
  })

  it.each([
    'bytes=',
    'bytes=a-b',
    'bytes=--5',
    'bytes=0x0-5',
    'lines=0-5',
    'bytes=1e3-',
    '-',
    'bytes 0-5',
  ])('%j is no range', async (range) => {
    const { status, body } = await ask(range)
    expect(status).toBe(200)
    expect(body.byteLength).toBe(size)
  })
})
