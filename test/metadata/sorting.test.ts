import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Repository } from '../../src/metadata/repository.ts'
import { sortInSteps } from '../../src/metadata/sorting.ts'
import { StoredManifest } from '../../src/metadata/stored-manifest.ts'
import type { Trace } from '../../src/metadata/trace.ts'
import type { Tag } from '../../src/oci/tag.ts'
import { tagNamed } from '../../src/testing/samples.ts'
import { runs } from '../sample.ts'
import { digests, repositories } from './samples.ts'

const [d1, d2] = digests as [(typeof digests)[0], (typeof digests)[0]]
const [here] = repositories as [(typeof repositories)[0]]

function sorted(names: readonly string[]): readonly string[] {
  const steps = sortInSteps(names)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

const sizes = [0, 1, 2, 1023, 1024, 1025, 2048, 2049, 3072, 4097, 10_000]

test.each(sizes)('%i names are sorted as an array sorts them', (size) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), fc.nat(), (modulus, shift) => {
      // Some of them come more than once.
      const names = Array.from({ length: size }, (_, at) => `v${(at * 7919 + shift) % modulus}`)
      const before = [...names]
      expect(sorted(names)).toEqual([...names].sort())
      expect(names).toEqual(before)
    }),
    { numRuns: runs(20) },
  )
})

/** Enough for some to be sorted afterwards. */
const count = 9000
const tagOf = (number: number): Tag => tagNamed(`v${(number * 7919) % count}`)

function traceInto(undo: Array<() => void>): Trace {
  const nothing = (): void => {}
  return {
    undo: (step) => undo.push(step),
    repository: nothing,
    key: nothing,
    tagList: nothing,
    subject: nothing,
    holders: nothing,
    bytesOf: nothing,
  }
}

const act = fc.record({
  what: fc.constantFrom('remove', 'set', 'move', 'take back', 'read', 'drop'),
  tag: fc.oneof(fc.nat(count - 1), fc.nat(20)).map(tagOf),
  /** Steps of sorting that come first. */
  steps: fc.nat(6),
})

test('tags that come and go while others are sorted in are listed in order', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 20 }), (acts) => {
      const repository = new Repository(here)
      const { tags } = repository
      const [first, second] = [new StoredManifest(d1), new StoredManifest(d2)]
      for (const manifest of [first, second]) repository.manifests.set(manifest.digest, manifest)
      const expected = new Set<Tag>()
      const read = (from: number, to: number, target: StoredManifest): void => {
        const names = Array.from({ length: to - from }, (_, at) => tagOf(from + at))
        tags.set(
          target,
          names,
          names.map(() => 7),
          null,
        )
        for (const name of names) expected.add(name)
      }
      read(0, 5000, first)
      read(5000, count, second)
      for (const { what, tag, steps } of acts) {
        for (let step = 0; step < steps && tags.isUnsorted; step += 1) tags.sortSome()
        const undo: Array<() => void> = []
        const trace = traceInto(undo)
        if (what === 'remove') tags.remove(tag, trace)
        else if (what === 'drop') tags.drop(tag, tags.get(tag) ?? first)
        else if (what === 'read') tags.set(first, [tag], [8], null)
        else if (what === 'move') tags.set(second, [tag], [9], trace)
        else {
          if (what === 'take back' && expected.has(tag)) tags.remove(tag, trace)
          else tags.set(first, [tag], [9], trace)
          if (what === 'take back') for (const step of undo.reverse()) step()
        }
        if (what === 'remove' || what === 'drop') expected.delete(tag)
        else if (what !== 'take back') expected.add(tag)
      }
      expect(tags.names.page(undefined, count * 2).items).toEqual([...expected].sort())
      expect(tags.names.size).toBe(expected.size)
      expect(tags.isUnsorted).toBe(false)
    }),
    { numRuns: runs(60) },
  )
})
