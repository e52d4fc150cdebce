import { expect, test } from 'vitest'
import { explainBucket, explainDatabase } from '../../adapters/cli/stores/explain-stores.ts'
import { RegistryError } from '../../src/index.ts'

/** An error as a driver makes it, as our stores pass it on. */
function coded(code: string, message = 'said so'): RegistryError {
  return new RegistryError('unavailable', { cause: Object.assign(new Error(message), { code }) })
}

test.each<[string, RegExp, boolean]>([
  ['28P01', /refuses the password\. Set PGPASSWORD/, true],
  ['28000', /refuses the login: said so\./, true],
  ['3D000', /has no such database\. Create it \(createdb NAME\)/, true],
  ['42501', /does not let this user make or use tables/, true],
  ['25006', /only reads: it is a replica/, false],
  ['53300', /no connection left\. Raise its max_connections, or lower --pool-size/, false],
  ['57P03', /is starting/, false],
  ['26000', /give --no-prepared-statements/, true],
  ['ECONNREFUSED', /nothing listens there/, false],
  ['ENOTFOUND', /there is no such host/, false],
  ['CONNECT_TIMEOUT', /does not answer/, false],
  ['SELF_SIGNED_CERT_IN_CHAIN', /NODE_EXTRA_CA_CERTS/, true],
  ['XX000', /cannot be used: said so/, false],
])('a database that says %s', (code, text, isFinal) => {
  const told = explainDatabase(coded(code), 'db:5432/app')
  expect(told).toEqual({ text: expect.stringMatching(text), isFinal })
  expect(told.text).toMatch(/^the database db:5432\/app /)
})

test.each<[string, RegExp, boolean]>([
  ['NoSuchBucket', /is not there\. Create it/, true],
  ['AccessDenied', /these keys may not do that\. They need s3:GetObject/, true],
  ['InvalidAccessKeyId', /does not know the access key/, true],
  ['SignatureDoesNotMatch', /refuses the secret key/, true],
  ['ECONNREFUSED', /nothing listens there/, false],
  ['NoAnswer', /cannot be used: said so/, false],
])('a bucket that says %s', (code, text, isFinal) => {
  const told = explainBucket(coded(code), 's3://bytes')
  expect(told).toEqual({ text: expect.stringMatching(text), isFinal })
})

test.each([
  'connect ECONNREFUSED 127.0.0.1:1',
  'tcp connect error: Connection refused (os error 111)',
])('a message that names the reason: %s', (message) => {
  const told = explainBucket(coded('NoAnswer', message), 's3://bytes')
  expect(told).toEqual({ text: expect.stringContaining('nothing listens there'), isFinal: false })
})

test('the cause counts that lies deepest and is known', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
  const s3 = Object.assign(new Error('PutObject', { cause: refused }), { code: 'NoAnswer' })
  const told = explainBucket(new RegistryError('unavailable', { cause: s3 }), 's3://bytes')
  expect(told.text).toContain('nothing listens there')
  // All addresses of a host were tried.
  const all = new AggregateError([refused], '')
  const many = explainDatabase(new RegistryError('unavailable', { cause: all }), 'db/app')
  expect(many.text).toContain('nothing listens there')
})

test('what is no outage is final, and says what went wrong', () => {
  const told = explainDatabase(new Error('the tables have version 9'), 'db/app')
  const text = 'the database db/app cannot be used: the tables have version 9'
  expect(told).toEqual({ text, isFinal: true })
})
