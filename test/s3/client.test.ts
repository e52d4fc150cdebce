import { expect, test } from 'vitest'
import { fetchTransport } from '../../adapters/s3/fetch-transport.ts'
import {
  awsCredentials,
  type S3Credentials,
  type S3Request,
  type S3Response,
  type S3Transport,
  s3Blobs,
} from '../../adapters/s3/index.ts'
import { nodeTransport } from '../../adapters/s3/node-transport.ts'
import { RegistryError } from '../../src/index.ts'
import { sampleDigest } from '../../src/testing/index.ts'

const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'hush', sessionToken: 'lent' }
const endpoint = 'http://s3.test:8333'
const blob = { digest: sampleDigest(1), size: 5, key: '0f/00000000000000000000000000' }

type Answer = readonly [status: number, body: string, headers?: Record<string, string>]

/** A store whose service answers from a list, and the last answer for ever. */
function told(
  answers: readonly Answer[],
  credentials: S3Credentials | (() => Promise<S3Credentials>) = keys,
): { readonly store: ReturnType<typeof s3Blobs>; readonly requests: S3Request[] } {
  const requests: S3Request[] = []
  const transport: S3Transport = {
    async send(request): Promise<S3Response> {
      const [status, text, headers = {}] = answers[
        Math.min(requests.length, answers.length - 1)
      ] as Answer
      requests.push(request)
      let body: Uint8Array | null = new TextEncoder().encode(text)
      return {
        status,
        header: (name) => headers[name] ?? null,
        body: {
          async read() {
            const chunk = body
            body = null
            return chunk
          },
          cancel() {},
        },
      }
    },
    async close() {},
  }
  const options = { bucket: 'images', prefix: 'a b', endpoint, credentials, transport }
  return { store: s3Blobs({ ...options, longestWaitMs: 1 }), requests }
}

function refusal(code: string, message = '', more = ''): string {
  return `<Error><Code>${code}</Code><Message>${message}</Message><RequestId>R7</RequestId>${more}</Error>`
}

const found: Answer = [200, 'bytes', { 'content-length': '5', etag: '"e"' }]

async function failureOf(action: Promise<unknown>): Promise<RegistryError & { cause: Error }> {
  const error = await action.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(RegistryError)
  return error as RegistryError & { cause: Error }
}

test('a refusal says what S3 said and what to look at, and no secret', async () => {
  const quoted = refusal(
    'SignatureDoesNotMatch',
    'X-Amz-Signature=0123abcd of AKIAIOSFODNN7EXAMPLE was wrong',
    '<StringToSign>secret stuff</StringToSign><SignatureProvided>0123abcd</SignatureProvided>',
  )
  const { store } = told([[403, quoted]])
  const { cause, kind } = await failureOf(store.open(blob))
  expect(kind).toBe('unavailable')
  expect(cause.message).toContain('GetObject: SignatureDoesNotMatch (403), request R7')
  expect(cause.message).toContain('check the secret key')
  expect(JSON.stringify([cause.message, cause])).not.toMatch(/0123abcd|AKIA|hush|lent|StringToSign/)
})

test.each([
  [403, 'AccessDenied', 'unavailable', 's3:ListBucket'],
  [404, 'NoSuchBucket', 'unavailable', 'check the name of the bucket'],
  [400, 'AuthorizationHeaderMalformed', 'unavailable', 'check the region'],
  [403, 'RequestTimeTooSkewed', 'unavailable', 'check the clock'],
  [507, 'XMinioStorageFull', 'storageFull', 'XMinioStorageFull (507)'],
] as const)('%s %s', async (status, code, kind, words) => {
  const { store } = told([[status, refusal(code)]])
  const error = await failureOf(store.open(blob))
  expect([error.kind, error.cause.message]).toEqual([kind, expect.stringContaining(words)])
})

test('an answer that does not come says why, on every way', async () => {
  const refused = {
    bucket: 'images',
    endpoint: 'http://127.0.0.1:9',
    credentials: keys,
    retries: 0,
  }
  for (const transport of [nodeTransport(1), fetchTransport()]) {
    if (transport === null) continue
    const { cause } = await failureOf(s3Blobs({ ...refused, transport }).open(blob))
    expect(cause.message).toMatch(/^GetObject: NoAnswer: .*(ECONNREFUSED|bad port)/)
    await transport.close()
  }
})

test('a blob is missing only where S3 says so', async () => {
  expect(await told([[404, refusal('NoSuchKey')]]).store.open(blob)).toBeNull()
  await failureOf(told([[404, refusal('NoSuchBucket')]]).store.open(blob))
  await failureOf(told([[404, '<html>not here</html>']]).store.open(blob))
  // A HEAD is answered without a code, so a GET asks which it is.
  const { store, requests } = told([
    [404, ''],
    [404, refusal('NoSuchBucket')],
  ])
  await failureOf(store.delete(blob))
  expect(requests.map(({ method }) => method)).toEqual(['HEAD', 'GET'])
})

test('a small blob is read in one request, and a large one is too', async () => {
  const { store, requests } = told([found])
  expect((await store.open(blob))?.bytes?.byteLength).toBe(5)
  expect(requests).toHaveLength(1)
  const large = 'x'.repeat(100_000)
  const big = told([[200, large, { 'content-length': '100000', etag: '"e"' }]])
  const open = await big.store.open({ ...blob, size: 100_000 })
  expect((await new Response(open?.stream()).arrayBuffer()).byteLength).toBe(100_000)
  expect(big.requests).toHaveLength(1)
})

test('part of a blob is read in one request', async () => {
  const headers = { 'content-length': '10', 'content-range': 'bytes 100-109/100000', etag: '"e"' }
  const { store, requests } = told([[206, 'ten bytes.', headers]])
  const span = { start: 100, end: 110 }
  const open = await store.open({ ...blob, size: 100_000 }, span)
  expect(await new Response(open?.stream(span)).text()).toBe('ten bytes.')
  expect(requests.map((request) => request.headers.range)).toEqual(['bytes=100-109'])
})

test('what is not tried again is what cannot help', async () => {
  const denied = told([[403, refusal('AccessDenied')]])
  await failureOf(denied.store.open(blob))
  expect(denied.requests).toHaveLength(1)
  const unknown = told([[501, refusal('NotImplemented')]])
  await failureOf(unknown.store.open(blob))
  expect(unknown.requests).toHaveLength(1)
  const busy = told([[503, refusal('SlowDown')]])
  await failureOf(busy.store.open(blob))
  expect(busy.requests).toHaveLength(6)
})

test('credentials are asked for once for many requests, and again when they are refused', async () => {
  let asked = 0
  const lend = async (): Promise<S3Credentials> => {
    asked += 1
    return { ...keys, accessKeyId: `key-${asked}` }
  }
  const { store, requests } = told([found, found, [400, refusal('ExpiredToken')], found], lend)
  await Promise.all([store.open(blob), store.open(blob)])
  expect(asked).toBe(1)
  expect(await store.open(blob)).not.toBeNull()
  expect(asked).toBe(2)
  expect(requests.at(-1)?.headers.authorization).toContain('key-2')
})

test('credentials are renewed before they expire, and used on where that fails', async () => {
  let asked = 0
  const lend = async (): Promise<S3Credentials> => {
    asked += 1
    if (asked > 1) throw new Error('the source is away')
    return { ...keys, expiration: new Date(Date.now() + 60_000) }
  }
  const { store } = told([found], lend)
  await store.open(blob)
  await store.open(blob)
  expect(asked).toBe(2)
})

test('credentials that cannot be got are an outage that says what to do', async () => {
  const away = told([found], () => Promise.reject(new Error('the source is away')))
  const { kind, cause } = await failureOf(away.store.open(blob))
  expect([kind, cause.message]).toEqual([
    'unavailable',
    'Credentials: NoCredentials: the source is away',
  ])
  await failureOf(away.store.presign(blob, 1000))
  expect(away.requests).toHaveLength(0)
})

test('uploads that are a week old are ended, and no others', async () => {
  const upload = (key: string, id: string, initiated: Date): string =>
    `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${initiated.toISOString()}</Initiated></Upload>`
  const [old, young] = [new Date('2024-01-01'), new Date()]
  const first = `<L>${upload(`a b/${blob.key}`, 'one', old)}${upload('a b/other', 'two', old)}<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>i</NextUploadIdMarker></L>`
  const second = `<L>${upload(`a b/${blob.key}`, 'three', young)}${upload(blob.key, 'four', old)}</L>`
  const { store, requests } = told([
    [200, first],
    [204, ''],
    [200, second],
  ])
  expect(await store.compact?.(async () => {})).toBe(0)
  expect(requests.map(({ method }) => method)).toEqual(['GET', 'DELETE', 'GET'])
  expect(requests[1]?.url.searchParams.get('uploadId')).toBe('one')
  expect(requests[2]?.url.searchParams.get('upload-id-marker')).toBe('i')
  const denied = told([[403, refusal('AccessDenied')]])
  expect(await denied.store.compact?.(async () => {})).toBe(0)
})

test('a presigned URL leads to the public endpoint, as long as the credentials last', async () => {
  const transport: S3Transport = {
    send: () => Promise.reject(new Error('no request')),
    close: async () => {},
  }
  const publicEndpoint = 'https://cdn.test'
  const given = { bucket: 'images', prefix: 'a b', endpoint, publicEndpoint, transport }
  const url = await s3Blobs({ ...given, credentials: keys }).presign(blob, 90_000)
  expect(url?.origin).toBe(publicEndpoint)
  expect(url?.pathname).toBe(`/images/a%20b/${blob.key}`)
  expect(url?.searchParams.get('X-Amz-Expires')).toBe('90')
  expect(url?.searchParams.get('X-Amz-Security-Token')).toBe('lent')
  const soon = { ...keys, expiration: new Date(Date.now() + 30_000) }
  expect(await s3Blobs({ ...given, credentials: soon }).presign(blob, 90_000)).toBeNull()
  expect(
    await s3Blobs({ ...given, credentials: keys }).presign({ ...blob, key: '../x' }, 1000),
  ).toBeNull()
})

test("the credentials of AWS's tools say what they need", async () => {
  await expect(awsCredentials()()).rejects.toThrow('install @aws-sdk/credential-providers')
})
