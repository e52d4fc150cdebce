import { expect, test } from 'vitest'
import {
  isCollision,
  isConnectionLoss,
  sqlStateOf,
  translated,
} from '../../adapters/postgres/errors.ts'
import { RegistryError } from '../../src/index.ts'

/** An error as a driver throws it. */
function errorOf(code?: string): Error {
  const error = new Error(`of ${code}`)
  return code === undefined ? error : Object.assign(error, { code })
}

test.each([
  ['08006', 'a connection that failed'],
  ['25006', 'a replica that only reads'],
  ['25P03', 'a transaction that was idle'],
  ['28P01', 'a password that is wrong now'],
  ['40P01', 'a deadlock, again and again'],
  ['53200', 'no memory'],
  ['53300', 'too many connections'],
  ['55P03', 'a lock that was not had in time'],
  ['57014', 'a statement that took too long'],
  ['57P01', 'a server that is shut down'],
  ['57P03', 'a server that starts'],
  ['ECONNREFUSED', 'nothing that listens'],
  ['EPIPE', 'a socket that was closed'],
  ['CONNECTION_CLOSED', 'what the package says of it'],
  [undefined, 'what another package says of it'],
])('%s is unavailable: %s', (code, _what) => {
  const cause = errorOf(code)
  const error = translated(cause)
  expect(error).toMatchObject({ kind: 'unavailable', cause, headers: { 'Retry-After': '5' } })
})

test('a full disk is said to be full', () => {
  expect(translated(errorOf('53100'))).toMatchObject({ kind: 'storageFull' })
})

test('mistakes stay what they are', () => {
  const mistakes = [
    errorOf('42601'),
    errorOf('22021'),
    new TypeError('x'),
    new RegistryError('denied'),
  ]
  for (const mistake of mistakes) {
    expect(translated(mistake)).toBe(mistake)
    expect(isConnectionLoss(mistake)).toBe(false)
  }
})

test('what met another change is told from a connection that was lost', () => {
  const codes = ['40001', '40P01', '23503', '57P01', 'ECONNRESET', '53300']
  expect(codes.filter((code) => isCollision(errorOf(code)))).toEqual(['40001', '40P01', '23503'])
  const lost = codes.filter((code) => isConnectionLoss(errorOf(code)))
  expect(lost).toEqual(['57P01', 'ECONNRESET'])
  expect(codes.map((code) => sqlStateOf(errorOf(code)))).toEqual([
    ...codes.slice(0, 4),
    ...[null, '53300'],
  ])
})
