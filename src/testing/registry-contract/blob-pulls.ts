import { equals, holds } from '../contract.ts'
import { sampleBytes, sampleDigest } from '../samples.ts'
import { type RegistryCase, registryCase } from './registry-case.ts'

const bytes = sampleBytes(100_000)

type Part = readonly [contentRange: string, content: string]

function partOf([start, end]: readonly [number, number]): Part {
  return [`bytes ${start}-${end - 1}/100000`, binary(bytes.subarray(start, end))]
}

/** The parts of a `multipart/byteranges` body. */
function parts(headers: Headers, body: Uint8Array): readonly Part[] {
  const type = headers.get('content-type') ?? ''
  const [, boundary = ''] = /^multipart\/byteranges; boundary=([\w-]+)$/.exec(type) ?? []
  holds(boundary !== '', `${type} has a boundary`)
  const [before, ...rest] = `\r\n${binary(body)}`.split(`\r\n--${boundary}`)
  equals(before, '', 'what comes before the first part')
  equals(rest.pop(), '--\r\n', 'the end')
  return rest.map((part) => {
    const at = part.indexOf('\r\n\r\n')
    const [, range = ''] = /\r\nContent-Range: ([^\r\n]+)/.exec(part.slice(0, at)) ?? []
    return [range, part.slice(at + 4)]
  })
}

/** Bytes as a text with a character for each. */
function binary(some: Uint8Array): string {
  let text = ''
  for (const byte of some) text += String.fromCharCode(byte)
  return text
}

/** Blobs on their way out. */
export const blobPullCases: readonly RegistryCase[] = [
  registryCase('a pull says what it brings, and HEAD the same without it', async (client) => {
    const digest = await client.pushBlob(client.here, bytes)
    for (const method of ['GET', 'HEAD']) {
      const answer = await client.expect(200, method, `${client.here}/blobs/${digest}`)
      equals(answer.headers.get('content-length'), '100000', `Content-Length of ${method}`)
      equals(answer.headers.get('docker-content-digest'), digest, `the digest of ${method}`)
      equals(answer.bytes, method === 'HEAD' ? new Uint8Array(0) : bytes, `the body of ${method}`)
    }
  }),

  registryCase('a part of a blob is pulled to the byte', async (client) => {
    const path = `${client.here}/blobs/${await client.pushBlob(client.here, bytes)}`
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 1],
      ['bytes=1000-70000', 1000, 70_001],
      ['bytes=99999-', 99_999, 100_000],
      ['bytes=-10', 99_990, 100_000],
      ['bytes=50000-999999', 50_000, 100_000],
      ['bytes=99998-18446744073709551616', 99_998, 100_000],
      [`bytes=0-${'9'.repeat(400)}`, 0, 100_000],
      [`bytes=-${'9'.repeat(400)}`, 0, 100_000],
      ['bytes=5-5,', 5, 6],
    ] as const) {
      const part = await client.expect(206, 'GET', path, { headers: { Range: range } })
      equals(part.bytes, bytes.subarray(start, end), range)
      const said = part.headers.get('content-range')
      equals(said, `bytes ${start}-${end - 1}/100000`, `Content-Range of ${range}`)
    }
  }),

  registryCase('a part beyond the end is refused', async (client) => {
    const path = `${client.here}/blobs/${await client.pushBlob(client.here, bytes)}`
    for (const Range of [
      'bytes=100000-',
      'bytes=-0',
      'bytes=500-0',
      `bytes=${'9'.repeat(400)}-`,
      'bytes=100000-,200000-',
    ]) {
      const answer = await client.expect(416, 'GET', path, { headers: { Range } })
      equals(answer.headers.get('content-range'), 'bytes */100000', `Content-Range of ${Range}`)
    }
  }),

  registryCase('several parts of a blob come in one body', async (client) => {
    const path = `${client.here}/blobs/${await client.pushBlob(client.here, bytes)}`
    for (const [range, ...spans] of [
      ['bytes=0-1,5-6', [0, 2], [5, 7]],
      ['bytes=70000-99999, 0-69999', [70_000, 100_000], [0, 70_000]],
      ['bytes=-1,0-0,100000-', [99_999, 100_000], [0, 1]],
    ] as const) {
      const { headers, bytes: body } = await client.expect(206, 'GET', path, {
        headers: { Range: range },
      })
      equals(parts(headers, body), spans.map(partOf), range)
    }
  }),

  registryCase('parts of more bytes than the blob are the blob', async (client) => {
    const path = `${client.here}/blobs/${await client.pushBlob(client.here, bytes)}`
    for (const Range of ['bytes=0-99999,0-0', `bytes=${Array(2000).fill('0-0').join(',')}`]) {
      const answer = await client.expect(200, 'GET', path, { headers: { Range } })
      equals(answer.bytes, bytes, Range.slice(0, 20))
    }
  }),

  registryCase('a blob of no bytes is pulled whole, whatever part is asked for', async (client) => {
    const path = `${client.here}/blobs/${await client.pushBlob(client.here, '')}`
    for (const Range of ['bytes=0-', 'bytes=0-0', 'bytes=-1', 'bytes=-0', 'bytes=0-0,1-1']) {
      const answer = await client.expect(200, 'GET', path, { headers: { Range } })
      equals(answer.bytes.byteLength, 0, Range)
      equals(answer.headers.get('content-length'), '0', `Content-Length for ${Range}`)
    }
  }),

  registryCase('If-Range decides between the part and the blob', async (client) => {
    const path = `${client.here}/blobs/${await client.pushBlob(client.here, bytes)}`
    const etag = (await client.expect(200, 'HEAD', path)).headers.get('etag') ?? ''
    for (const [condition, status] of [
      [etag, 206],
      [`W/${etag}`, 200],
      ['"another"', 200],
      ['Wed, 21 Oct 2015 07:28:00 GMT', 200],
      ['nonsense', 200],
    ] as const) {
      const headers = { Range: 'bytes=0-9', 'If-Range': condition }
      const answer = await client.expect(status, 'GET', path, { headers })
      equals(answer.bytes.byteLength, status === 206 ? 10 : 100_000, condition)
    }
  }),

  registryCase('a blob that the client has is not sent again', async (client) => {
    const path = `${client.here}/blobs/${await client.pushBlob(client.here, bytes)}`
    const etag = (await client.expect(200, 'HEAD', path)).headers.get('etag') ?? ''
    const again = await client.expect(304, 'GET', path, { headers: { 'If-None-Match': etag } })
    equals(again.bytes.byteLength, 0, 'bytes of the answer')
    await client.expect(200, 'GET', path, { headers: { 'If-None-Match': '"another"' } })
  }),

  registryCase('a blob is read through a repository that has it, and no other', async (client) => {
    const digest = await client.pushBlob(client.here, bytes)
    await client.pushBlob(client.there, 'something else')
    await client.refused(404, 'BLOB_UNKNOWN', 'GET', `${client.there}/blobs/${digest}`)
    await client.expect(404, 'HEAD', `${client.there}/blobs/${digest}`)
  }),

  registryCase('a blob that is not there is unknown', async (client) => {
    const path = `${client.here}/blobs/${sampleDigest(1)}`
    await client.refused(404, 'BLOB_UNKNOWN', 'GET', path)
    await client.pushBlob(client.here, bytes)
    await client.refused(404, 'BLOB_UNKNOWN', 'GET', path)
    await client.expect(404, 'HEAD', path)
  }),
]
