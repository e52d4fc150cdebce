import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Leased, LeaseQueue } from '../../src/metadata/lease-queue.ts'

test('its first is always the member whose lease ends first', () => {
  const call = fc.record({
    what: fc.constantFrom('add', 'remove', 'move'),
    who: fc.nat(9),
    until: fc.nat(20),
  })
  fc.assert(
    fc.property(fc.array(call, { maxLength: 100 }), (calls) => {
      const all: Leased[] = Array.from({ length: 10 }, (_, index) => ({
        keepUntil: index,
        heapIndex: -1,
      }))
      const queue = new LeaseQueue<Leased>()
      const members = new Set<Leased>()
      for (const { what, who, until } of calls) {
        const member = all[who] as Leased
        if (what === 'add') {
          queue.add(member)
          members.add(member)
        } else if (what === 'remove') {
          queue.remove(member)
          members.delete(member)
        } else {
          queue.move(member, until)
          expect(member.keepUntil).toBe(until)
        }
        expect(queue.size).toBe(members.size)
        const ends = [...members].map(({ keepUntil }) => keepUntil)
        expect(queue.first()?.keepUntil).toBe(ends.length === 0 ? undefined : Math.min(...ends))
      }
      for (const left of members) queue.remove(left)
      expect(queue.first()).toBeUndefined()
    }),
  )
})
