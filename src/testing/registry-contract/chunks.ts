import { equals, holds } from '../contract.ts'
import { digestOfBytes, sampleBytes } from '../samples.ts'
import { type Answer, type ContractClient, withQuery } from './contract-client.ts'
import { type RegistryCase, registryCase } from './registry-case.ts'

const bytes = sampleBytes(9000)

/** Sends bytes `start` to `end` of a blob, saying which they are. */
function patch(
  client: ContractClient,
  session: string,
  start: number,
  end: number,
): Promise<Answer> {
  return client.send('PATCH', session, {
    headers: { 'Content-Range': `${start}-${end - 1}` },
    body: bytes.subarray(start, end),
  })
}

async function stored(client: ContractClient): Promise<void> {
  const pulled = await client.expect(
    200,
    'GET',
    `${client.here}/blobs/${await digestOfBytes(bytes)}`,
  )
  equals(pulled.bytes, bytes, 'the bytes')
}

/** Blobs on their way in, chunk by chunk. */
export const chunkCases: readonly RegistryCase[] = [
  registryCase('chunks are put together, and each says how far it came', async (client) => {
    const session = await client.openUpload(client.here)
    let at = 0
    for (const end of [1, 3000, 8999]) {
      const answer = await patch(client, session, at, end)
      equals([answer.status, answer.headers.get('range')], [202, `0-${end - 1}`], `up to ${end}`)
      at = end
    }
    const digest = await digestOfBytes(bytes)
    const last = { headers: { 'Content-Range': '8999-8999' }, body: bytes.subarray(8999) }
    await client.expect(201, 'PUT', withQuery(session, { digest }), last)
    await stored(client)
  }),

  registryCase('chunks need not say which they are', async (client) => {
    const session = await client.openUpload(client.here)
    await client.expect(202, 'PATCH', session, { body: bytes.subarray(0, 5000) })
    await client.expect(202, 'PATCH', session, { body: bytes.subarray(5000) })
    await client.expect(201, 'PUT', withQuery(session, { digest: await digestOfBytes(bytes) }))
    await stored(client)
  }),

  registryCase('a chunk that starts beyond any number is out of order', async (client) => {
    const session = await client.openUpload(client.here)
    for (const first of ['9007199254740993', '18446744073709551616', '9'.repeat(400)]) {
      const headers = { 'Content-Range': `${first}-${first}` }
      const path = withQuery(session, { digest: await digestOfBytes(bytes) })
      await client.refused(416, 'BLOB_UPLOAD_INVALID', 'PATCH', session, { headers, body: 'x' })
      await client.refused(416, 'BLOB_UPLOAD_INVALID', 'PUT', path, { headers, body: 'x' })
    }
    await client.expect(204, 'GET', session)
  }),

  registryCase('parameters may follow a session without a question mark', async (client) => {
    const digest = await digestOfBytes(bytes)
    const session = await client.openUpload(client.here)
    holds(!session.includes('?'), 'the session has no query')
    const appended = `${session}&digest=${digest}`
    await client.expect(202, 'PATCH', appended, { body: bytes.subarray(0, 5000) })
    const status = await client.expect(204, 'GET', `${session}&x=y`)
    equals(status.headers.get('range'), '0-4999', 'its range')
    await client.expect(201, 'PUT', appended.replace('digest=sha256:', 'digest=sha256%3A'), {
      body: bytes.subarray(5000),
    })
    await stored(client)
    const other = await client.openUpload(client.here)
    await client.expect(204, 'DELETE', `${other}&digest=${digest}`)
    await client.refused(404, 'BLOB_UPLOAD_UNKNOWN', 'GET', other)
  }),

  registryCase('a session tells where it stands', async (client) => {
    const session = await client.openUpload(client.here)
    await patch(client, session, 0, 5000)
    const status = await client.expect(204, 'GET', session)
    equals(status.headers.get('range'), '0-4999', 'its range')
    holds(status.headers.has('location'), 'it says where to go on')
  }),

  registryCase('a chunk out of its place is refused, and the upload goes on', async (client) => {
    const session = await client.openUpload(client.here)
    await patch(client, session, 0, 5000)
    for (const [start, end] of [
      [0, 5000],
      [4999, 9000],
      [5001, 9000],
    ] as const) {
      const answer = await patch(client, session, start, end)
      equals([answer.status, answer.headers.get('range')], [416, '0-4999'], `${start} to ${end}`)
    }
    equals((await patch(client, session, 5000, 9000)).status, 202, 'the right one')
    await client.expect(201, 'PUT', withQuery(session, { digest: await digestOfBytes(bytes) }))
    await stored(client)
  }),

  registryCase('a chunk shorter than it says changes nothing', async (client) => {
    const session = await client.openUpload(client.here)
    const wrong = { headers: { 'Content-Range': '0-99' }, body: bytes.subarray(0, 50) }
    await client.refused(400, 'SIZE_INVALID', 'PATCH', session, wrong)
    const body = { headers: { 'Content-Range': 'bytes 0-49/50' }, body: bytes.subarray(0, 50) }
    await client.refused(400, 'BLOB_UPLOAD_INVALID', 'PATCH', session, body)
    equals((await patch(client, session, 0, 9000)).status, 202, 'the whole')
    await client.expect(201, 'PUT', withQuery(session, { digest: await digestOfBytes(bytes) }))
    await stored(client)
  }),

  registryCase('a cancelled session is gone', async (client) => {
    const session = await client.openUpload(client.here)
    await patch(client, session, 0, 5000)
    await client.expect(204, 'DELETE', session)
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      await client.refused(404, 'BLOB_UPLOAD_UNKNOWN', method, session)
    }
  }),

  registryCase('a finished session is gone', async (client) => {
    const session = await client.openUpload(client.here)
    const put = withQuery(session, { digest: await digestOfBytes(bytes) })
    await client.expect(201, 'PUT', put, { body: bytes })
    await client.refused(404, 'BLOB_UPLOAD_UNKNOWN', 'GET', session)
    await client.refused(404, 'BLOB_UPLOAD_UNKNOWN', 'PUT', put, { body: bytes })
  }),

  registryCase('a session is that of its repository alone', async (client) => {
    const session = await client.openUpload(client.here)
    const elsewhere = session.replace(client.here, client.there)
    holds(elsewhere !== session, 'the path of a session names its repository')
    await client.refused(404, 'BLOB_UPLOAD_UNKNOWN', 'GET', elsewhere)
    await client.refused(404, 'BLOB_UPLOAD_UNKNOWN', 'PATCH', elsewhere, { body: bytes })
    await client.refused(404, 'BLOB_UPLOAD_UNKNOWN', 'DELETE', elsewhere)
    await client.expect(204, 'GET', session)
  }),

  registryCase('uploads at once do not disturb each other', async (client) => {
    const push = async (seed: number): Promise<void> => {
      const own = sampleBytes(6000, seed)
      const session = await client.openUpload(client.here)
      await client.expect(202, 'PATCH', session, { body: own.subarray(0, 2500) })
      await client.expect(202, 'PATCH', session, { body: own.subarray(2500) })
      const digest = await digestOfBytes(own)
      await client.expect(201, 'PUT', withQuery(session, { digest }))
      const pulled = await client.expect(200, 'GET', `${client.here}/blobs/${digest}`)
      equals(pulled.bytes, own, `the bytes of upload ${seed}`)
    }
    await Promise.all([1, 2, 3, 4, 5, 6].map(push))
  }),
]
