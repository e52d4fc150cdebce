import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SortedNames } from '../../src/metadata/sorted-names.ts'

/** The plainest thing that does the same. */
class ArrayModel {
  names: string[] = []

  insert(name: string): boolean {
    if (this.names.includes(name)) return false
    this.names = [...this.names, name].sort((a, b) => (a < b ? -1 : 1))
    return true
  }

  delete(name: string): boolean {
    const had = this.names.includes(name)
    this.names = this.names.filter((each) => each !== name)
    return had
  }

  page(after: string | undefined, limit: number): { items: string[]; more: boolean } {
    const rest = this.names.filter((name) => after === undefined || name > after)
    return { items: rest.slice(0, limit), more: rest.length > limit }
  }
}

const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'A', 'Z', 'a', '_', '0'),
  fc.stringMatching(/^[a-zA-Z0-9_]{1,3}$/),
)

test('does what a sorted array does', () => {
  const call = fc.record({
    what: fc.constantFrom('insert', 'insert', 'insert sorted', 'delete', 'page', 'has'),
    name,
    names: fc.array(name, { maxLength: 5 }).map((names) => names.sort()),
    limit: fc.nat(5),
  })
  fc.assert(
    fc.property(fc.array(call, { maxLength: 200 }), (calls) => {
      const names = new SortedNames()
      const model = new ArrayModel()
      for (const { what, name, limit, names: some } of calls) {
        if (what === 'insert sorted') {
          names.insertSorted(some)
          for (const each of some) model.insert(each)
        } else if (what === 'insert') expect(names.insert(name)).toBe(model.insert(name))
        else if (what === 'delete') expect(names.delete(name)).toBe(model.delete(name))
        else if (what === 'has') expect(names.has(name)).toBe(model.names.includes(name))
        else expect(names.page(name, limit)).toEqual(model.page(name, limit))
        expect(names.size).toBe(model.names.length)
      }
      expect(names.page(undefined, 1000)).toEqual(model.page(undefined, 1000))
    }),
  )
})

/** Numbers below `count` in an order that is always the same and looks like none. */
function scattered(count: number): number[] {
  return Array.from({ length: count }, (_, index) => (index * 7919) % count)
}

describe('over many runs', () => {
  const count = 20_011
  const text = (number: number): string => `name-${String(number).padStart(6, '0')}`
  const orders: ReadonlyArray<readonly [string, readonly number[]]> = [
    ['in order', Array.from({ length: count }, (_, index) => index)],
    ['from the last', Array.from({ length: count }, (_, index) => count - 1 - index)],
    ['in no order', scattered(count)],
  ]

  test.each(orders)('names that come %s are listed in order, and leave again', (_, order) => {
    const names = new SortedNames()
    // Some alone, and the others in sorted lists of many sizes.
    const alone = order.filter((number) => number % 3 === 0)
    for (const number of alone) names.insert(text(number))
    for (let start = 0, size = 1; start < count; start += size, size = (size * 3) % 5003) {
      names.insertSorted(
        order
          .slice(start, start + size)
          .map(text)
          .sort(),
      )
    }
    expect(names.insert(text(5))).toBe(false)
    const all = Array.from({ length: count }, (_, index) => text(index))
    expect(names.page(undefined, count)).toEqual({ items: all, more: false })

    for (const number of scattered(count)) if (number % 3 > 0) names.delete(text(number))
    const left = all.filter((_, index) => index % 3 === 0)
    const listed: string[] = []
    for (let more = true; more; ) {
      const page = names.page(listed.at(-1), 777)
      listed.push(...page.items)
      more = page.more
    }
    expect(listed).toEqual(left)
    for (const name of left) expect(names.delete(name)).toBe(true)
    expect(names.page(undefined, 1)).toEqual({ items: [], more: false })
    expect(names.insert('again')).toBe(true)
    expect(names.page(undefined, 2)).toEqual({ items: ['again'], more: false })
  })
})
