import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RegistryStores } from '../../src/index.ts'
import { type CopyReport, copyStores } from '../../src/kit.ts'
import { history, run, viewOf } from './content.ts'
import { hash, inMemory, onDisk, type Place } from './places.ts'

const nothing = { repository: 0, blob: 0, manifest: 0, tag: 0 }

async function mirror(from: RegistryStores, to: RegistryStores): Promise<CopyReport> {
  return await copyStores(from, to, { hash, mirror: true })
}

const ways: ReadonlyArray<readonly [name: string, from: Place, to: Place, runs: number]> = [
  ['memory to memory', inMemory, inMemory, 60],
  ['memory to disk', inMemory, onDisk, 12],
  ['disk to memory', onDisk, inMemory, 12],
]

describe.each(ways)('%s', (_name, openFrom, openTo, numRuns) => {
  test('the target answers what the source answers, also after more of a history', async () => {
    await fc.assert(
      fc.asyncProperty(history, history, async (before, after) => {
        const [from, to] = [await openFrom(), await openTo()]
        await run(from, before)
        expect(await copyStores(from, to, { hash })).toMatchObject({ complete: true, problems: 0 })
        expect(await viewOf(to)).toEqual(await viewOf(from))

        const again = await mirror(from, to)
        expect(again).toMatchObject({ complete: true, bytes: 0, copied: nothing, removed: nothing })

        await run(from, after)
        const second = await mirror(from, to).catch((error: Error) => error)
        // A source that lost every repository it had is taken for another registry.
        if (second instanceof Error) {
          expect(second.name).toBe('CopyRefused')
          return
        }
        expect(second).toMatchObject({ complete: true, problems: 0 })
        expect(await viewOf(to)).toEqual(await viewOf(from))
      }),
      { numRuns },
    )
  })
})
