import { expect, test } from 'vitest'
import { BufferBudget, largeBuffer } from '../../adapters/disk/buffers.ts'
import { newUploadId } from '../../src/kit.ts'
import { sampleBytes, sampleDigest } from '../../src/testing/index.ts'
import { openStore } from './temporary.ts'

const mib = 1024 * 1024

test('lends half of the budget, and again what was given back', () => {
  const budget = new BufferBudget(8 * mib)
  const lent = Array.from({ length: 4 }, () => budget.take())
  expect(lent.map((buffer) => buffer?.byteLength)).toEqual(Array(4).fill(largeBuffer))
  expect(budget.take()).toBeNull()
  const [first] = lent
  if (first === undefined || first === null) throw new Error('nothing lent')
  budget.give(first)
  expect(budget.take()).toBe(first)
  expect(budget.take()).toBeNull()
})

test('uploads gather less, the more there are, and never too little', () => {
  const budget = new BufferBudget(48 * mib)
  const limits: number[] = []
  for (let uploads = 1; uploads <= 1000; uploads += 1) {
    budget.addUpload()
    limits.push(budget.gatherLimit)
  }
  expect(limits[0]).toBe(mib)
  expect(limits[11]).toBe(mib)
  expect(limits[47]).toBe(mib / 4)
  expect(limits[999]).toBe(64 * 1024)
  for (let uploads = 1; uploads <= 999; uploads += 1) budget.removeUpload()
  expect(budget.gatherLimit).toBe(mib)
})

test('an upload counts until it ended, however it ended', async () => {
  const buffers = new BufferBudget(mib)
  const { blobs } = await openStore({ buffers, segmentLimit: -1 })
  const before = buffers.gatherLimit
  const stage = async () => {
    const staged = await blobs.stage(newUploadId(), {})
    await staged.write(sampleBytes(10))
    return staged
  }
  await (await stage()).commit(sampleDigest(1))
  await (await stage()).suspend()
  const discarded = await stage()
  await discarded.discard()
  await discarded.discard()
  expect(buffers.gatherLimit).toBe(before)
  await stage()
  await stage()
  expect(buffers.gatherLimit).toBe(before / 2)
})
