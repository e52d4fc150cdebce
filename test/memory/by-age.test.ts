import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AgeRow, ByAge } from '../../src/memory/by-age.ts'

test('is a sorted list, whatever comes and goes', () => {
  const step = fc.record({ add: fc.boolean(), time: fc.nat(5), id: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(6), (steps, last) => {
      const rows = new ByAge<number>()
      const added: AgeRow<number>[] = []
      let model: AgeRow<number>[] = []
      for (const { add, time, id } of steps) {
        if (add) added.push(rows.add(time, id))
        if (add) model.push(added.at(-1) as AgeRow<number>)
        const row = added[id]
        if (add || row === undefined) continue
        expect(rows.remove(row)).toBe(model.includes(row))
        model = model.filter((other) => other !== row)
      }
      model.sort((a, b) => a.time - b.time)
      expect(rows.size).toBe(model.length)
      expect(rows.oldest()).toBe(model[0]?.value ?? null)
      const expected = model.filter((row) => row.time <= last)
      expect([...rows.upTo(last)]).toEqual(expected.map((row) => row.value))
    }),
  )
})
