import { expect, test } from 'vitest'
import {
  misses,
  readOldSuiteOutput,
  readSuiteOutput,
  resultsFileMisses,
  troubles,
} from '../../conformance/totals.mjs'

const clean = `Test results
OCI Conformance Test: Pass
  OCI Conformance Test/ping: Pass
  OCI Conformance Test/made up: Disabled

OCI Conformance Result: Pass
  Disabled......................:          1
  Skip..........................:          0
  Pass..........................:         12
  FAIL..........................:          0
  Error.........................:          0
  Total.........................:         13

API conformance:
  Ping..........................:       Pass
`
const expected = { passed: 12, skipped: 0, disabled: 1 }

test('a clean run of the rewritten suite has no misses', () => {
  const run = readSuiteOutput(clean)
  expect(run).toEqual({
    verdict: 'Pass',
    totals: { passed: 12, failed: 0, skipped: 0, disabled: 1, total: 13 },
  })
  expect(misses(run, expected)).toEqual([])
})

test.each([
  ['a failure', clean.replace('FAIL..........................:          0', 'FAIL..: 1')],
  ['an error', clean.replace('Error.........................:          0', 'Error.: 1')],
  ['a skip', clean.replace('Skip..........................:          0', 'Skip..: 1')],
  ['one pass too few', clean.replace(':         12', ': 11')],
  ['a total of more tests', clean.replace(':         13', ': 14')],
  ['another disabled test', clean.replace(':          1\n', ':          2\n')],
  ['a verdict of FAIL', clean.replace('Result: Pass', 'Result: FAIL')],
])('%s is a miss', (_what, output) => {
  expect(output).not.toBe(clean)
  expect(misses(readSuiteOutput(output), expected)).not.toEqual([])
})

test('output without its result or a count is refused', () => {
  expect(() => readSuiteOutput('')).toThrow('Result')
  expect(() => readSuiteOutput(clean.replace(/^ {2}Skip.*\n/m, ''))).toThrow('Skip')
})

test('counts printed before the result line are not taken for the totals', () => {
  const early = `  Pass..........................:         99\n${clean}`
  expect(readSuiteOutput(early).totals.passed).toBe(12)
})

const oldClean = `Will run 10 of 10 specs

Ran 8 of 10 Specs in 0.100 seconds
SUCCESS! -- 8 Passed | 0 Failed | 0 Pending | 2 Skipped
PASS
`

test('the v1.1.0 suite is read from its last two lines', () => {
  const run = readOldSuiteOutput(oldClean)
  expect(run).toEqual({
    verdict: 'Pass',
    totals: { passed: 8, failed: 0, skipped: 2, disabled: 0, total: 10 },
  })
  expect(misses(run, { passed: 8, skipped: 2, disabled: 0 })).toEqual([])
})

test('a category that was never turned on succeeds, and is a miss', () => {
  const fewer = oldClean
    .replace('Ran 8', 'Ran 3')
    .replace('8 Passed', '3 Passed')
    .replace('2 Skipped', '7 Skipped')
  expect(misses(readOldSuiteOutput(fewer), { passed: 8, skipped: 2, disabled: 0 })).toEqual([
    '3 passed instead of 8',
    '7 skipped instead of 2',
  ])
})

test('v1.1.0 output that is cut off or contradicts itself is refused', () => {
  expect(() => readOldSuiteOutput('PASS\n')).toThrow('Ran')
  expect(() => readOldSuiteOutput(oldClean.replace('Ran 8', 'Ran 9'))).toThrow('9')
})

const results = `config:
  registry: 127.0.0.1:5000
  apis:
    ping: true
    blobs:
      delete: true
  data:
    image: true
    sparse: true
  version: dev
apis:
  Blob delete: Pass
  Ping: Pass
data:
  Image: Pass
`
const dev = { version: 'dev', off: [] }

test('results.yaml with everything on and passed has no misses', () => {
  expect(resultsFileMisses(results, dev)).toEqual([])
  expect(resultsFileMisses(results.replace('dev', '"1.1"'), { version: '1.1', off: [] })).toEqual(
    [],
  )
})

test('results.yaml of another version, with a switch off or a group not passed, is a miss', () => {
  expect(resultsFileMisses('', dev)).toEqual(['results.yaml is empty'])
  expect(resultsFileMisses(results, { version: '1.1', off: [] })).toHaveLength(1)
  const off = results.replace('sparse: true', 'sparse: false')
  expect(resultsFileMisses(off, dev)).toEqual(['data: sparse is off'])
  expect(resultsFileMisses(off, { version: 'dev', off: ['sparse'] })).toEqual([])
  const nested = results.replace('delete: true', 'delete: false')
  expect(resultsFileMisses(nested, dev)).toEqual(['apis: delete is off'])
  const skipped = results.replace('Blob delete: Pass', 'Blob delete: Skip')
  expect(resultsFileMisses(skipped, dev)).toEqual(['apis: Blob delete is Skip'])
  expect(resultsFileMisses('config:\n  version: dev\n', dev)).toHaveLength(2)
})

test('troubles names each test that did not pass, with its first reason', () => {
  const output = `  OCI Conformance Test/blobs: FAIL
    OCI Conformance Test/blobs/get: FAIL
     - wrong status
    OCI Conformance Test/blobs/put: Pass
`
  expect(troubles(output)).toEqual(['FAIL: OCI Conformance Test/blobs/get: wrong status'])
  expect(troubles('  [FAIL] Suite Push [It] should answer 201\n')).toEqual([
    'FAIL: Suite Push [It] should answer 201',
  ])
})
