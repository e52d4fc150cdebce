import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { pseudoRandom, sha256, tar } from '../clients/bytes.mjs'

const noise = (seed: string, size: number): Buffer => Buffer.concat([...pseudoRandom(seed, size)])

test('noise is the same for the same seed, whatever its length, and another for another', () => {
  const long = noise('seed', 2 * 1024 * 1024 + 7)
  expect(long).toHaveLength(2 * 1024 * 1024 + 7)
  expect(noise('seed', 1000).equals(long.subarray(0, 1000))).toBe(true)
  expect(noise('other', 1000).equals(long.subarray(0, 1000))).toBe(false)
  expect(noise('seed', 0)).toHaveLength(0)
})

test.each([0, 1, 512, 70_001])('tar reads back a file of %i bytes', (size) => {
  const file = { path: 'folder/file.bin', size, content: pseudoRandom('tar', size) }
  const archive = Buffer.concat([...tar([file])])
  const options = { input: archive, maxBuffer: 1024 * 1024 }
  expect(execFileSync('tar', ['-t'], options).toString()).toBe('folder/file.bin\n')
  expect(sha256(execFileSync('tar', ['-xO'], options))).toBe(sha256(noise('tar', size)))
})
