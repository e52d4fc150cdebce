import fc from 'fast-check'
import { afterAll } from 'vitest'
import { endAll } from './end-of-file.ts'
import { takeLeft } from './sample.ts'
import { isFull } from './services/test-service.ts'

// Properties are tried with the same values each time, so that what passes once passes again:
// `TEST_SEED=$RANDOM npm test` tries others.
fc.configureGlobal({
  seed: Number(process.env.TEST_SEED ?? 1),
  ...(isFull ? {} : { numRuns: 30 }),
})

declare module 'vitest' {
  interface TaskMeta {
    /** What a short run left to CI, of this file: how much of what. */
    left?: Readonly<Record<string, number>>
  }
}

// biome-ignore lint/correctness/noEmptyPattern: Vitest reads from it which fixtures are wanted.
afterAll(async ({}, { file }) => {
  file.meta.left = takeLeft()
  await endAll()
})
