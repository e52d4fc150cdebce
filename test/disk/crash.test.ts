import { describe, expect, test } from 'vitest'
import { isFull } from '../services/test-service.ts'
import { crashAtEvery } from './crash-points.ts'

describe.each([
  ['in segments', 64 * 1024],
  ['in files', -1],
])('a process that dies at any step, with small content %s', (_place, segmentLimit) => {
  // At each, on every runtime: `npm run prove -- crashes`.
  test.each([
    ['when writes are whole', false, segmentLimit > 0 ? 1 : 3],
    ['in the middle of writes', true, 5],
  ])('forgets nothing it acknowledged, %s', async (_, tornWrites, everyPoint) => {
    const step = everyPoint * (isFull ? 1 : 10)
    const { points, violations } = await crashAtEvery({ segmentLimit, tornWrites, step })
    expect(violations).toEqual([])
    expect(points).toBeGreaterThan(Math.floor(150 / step) - 1)
  })
})
