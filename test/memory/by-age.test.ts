import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByAge } from '../../src/memory/by-age.ts'

test('is a sorted list, whatever comes and goes', () => {
  const step = fc.record({ add: fc.boolean(), time: fc.nat(5), id: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(6), (steps, before) => {
      const rows = new ByAge<string>()
      let model: Array<{ time: number; value: string }> = []
      for (const { add, time, id } of steps) {
        const value = `${time}/${id}`
        const known = model.some((row) => row.value === value)
        if (add && !known) {
          rows.add(time, value)
          model.push({ time, value })
        }
        if (!add) {
          rows.remove(time, value)
          model = model.filter((row) => row.value !== value)
        }
      }
      const expected = model.filter((row) => row.time < before).sort((a, b) => a.time - b.time)
      expect([...rows.before(before)]).toEqual(expected.map((row) => row.value))
    }),
  )
})
