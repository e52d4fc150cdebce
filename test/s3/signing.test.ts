import { AwsV4Signer } from 'aws4fetch'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encoded, Signer } from '../../adapters/s3/signing.ts'
import { runs } from '../sample.ts'

// Keys are cut at slashes before they are encoded.
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
  .filter((each) => !each.includes('/'))
const given = fc.record({
  path: fc.array(text, { minLength: 1, maxLength: 4 }),
  query: fc.dictionary(text, text, { maxKeys: 4 }),
  headers: fc.dictionary(
    fc.stringMatching(/^x-amz-[a-z]{1,8}$/),
    fc.stringMatching(/^[!-~]([ -~]{0,12}[!-~])?$/),
    { maxKeys: 3 },
  ),
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'),
  accessKeyId: fc.stringMatching(/^[A-Z0-9]{4,20}$/),
  secretAccessKey: fc.string({ minLength: 1, maxLength: 40 }),
  sessionToken: fc.option(fc.base64String({ minLength: 4, maxLength: 40 }), { nil: undefined }),
  region: fc.constantFrom('us-east-1', 'auto', 'eu-central-1'),
  at: fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true }),
})

/** Paths that the other signer reads as they are meant. */
function urlOf(path: readonly string[], query: Readonly<Record<string, string>>): URL {
  const url = new URL(`https://bucket.s3.test:8443/${path.map(encoded).join('/')}`)
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  url.search = url.search.replace(/\+/g, '%20')
  return url
}

test('requests are signed as another library signs them', async () => {
  await fc.assert(
    fc.asyncProperty(
      given,
      async ({ path, query, headers, method, region, at, ...credentials }) => {
        const url = urlOf(path, query)
        const { sessionToken, ...keys } = credentials
        const lent = sessionToken === undefined ? keys : { ...keys, sessionToken }
        const ours = new Signer(region).headers({ method, url, headers }, lent, at)
        const datetime = ours['x-amz-date'] ?? ''
        const options = { method, url: url.href, headers, ...lent, service: 's3', region, datetime }
        const theirs = await new AwsV4Signer(options).sign()
        expect(ours.authorization).toBe(theirs.headers.get('authorization'))
      },
    ),
    { numRuns: runs(300) },
  )
})

test('URLs are signed as another library signs them', async () => {
  await fc.assert(
    fc.asyncProperty(given, async ({ path, region, at, ...rest }) => {
      const { accessKeyId, secretAccessKey, sessionToken } = rest
      const keys = { accessKeyId, secretAccessKey }
      const lent = sessionToken === undefined ? keys : { ...keys, sessionToken }
      const ours = new Signer(region).presigned(urlOf(path, {}), lent, 90_000, at)
      const url = urlOf(path, { 'X-Amz-Expires': '90' })
      const datetime = ours.searchParams.get('X-Amz-Date') ?? ''
      const options = { method: 'GET', url: url.href, ...lent, service: 's3', region, datetime }
      const theirs = await new AwsV4Signer({ ...options, signQuery: true }).sign()
      const signature = new URL(theirs.url).searchParams.get('X-Amz-Signature')
      expect(ours.searchParams.get('X-Amz-Signature')).toBe(signature)
    }),
    { numRuns: runs(300) },
  )
})

test('the example of the documentation is signed as it says', () => {
  // "Authenticating Requests: Using Query Parameters" of the S3 reference.
  const keys = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  }
  const url = new URL('https://examplebucket.s3.amazonaws.com/test.txt')
  const at = new Date('2013-05-24T00:00:00Z')
  const signed = new Signer('us-east-1').presigned(url, keys, 86_400_000, at)
  expect(signed.searchParams.get('X-Amz-Signature')).toBe(
    'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  )
})
