import { describe, expect, it } from 'vitest'
import {
  boundedEntries,
  boundedLines,
  boundedText,
  boundedTime,
  safeLink,
} from '../../src/ui/bounded.ts'

describe('text that is not trusted', () => {
  it.each([
    ['a\u202eb', 'a\\u202eb'],
    ['zero\u200bwidth', 'zero\\u200bwidth'],
    ['bell\u0007', 'bell\\u0007'],
    ['next\u0085line', 'next\\u0085line'],
    ['half \ud800 pair', 'half \\ud800 pair'],
    ['tag \u{e0041}', 'tag \\u{e0041}'],
    ['filler \u3164', 'filler \\u3164'],
    [`pile a${'\u0301'.repeat(300)}b`, `pile a${'\u0301'.repeat(6)}…b`],
    ['Hindi क्षेत्र, Thai น้ำ, Vietnamese ế', 'Hindi क्षेत्र, Thai น้ำ, Vietnamese ế'],
    ['plain ünïcode 漢字 ⚠️', 'plain ünïcode 漢字 ⚠️'],
  ])('shows what is hidden in %j', (given, shown) => {
    expect(boundedText(given)).toBe(shown)
  })

  it('has one line, or lines', () => {
    expect(boundedText('a\r\n\tb')).toBe('a b')
    expect(boundedLines('a\r\nb')).toBe('a\nb')
  })

  it('is cut, and never in the middle of a character', () => {
    expect(boundedText('x'.repeat(3_000_000), 4)).toBe('xxxx…')
    expect(boundedText('abc\u{1f600}d', 4)).toBe('abc…')
  })

  it.each([null, 7, {}, [], '', '  '])('is null for %j', (given) => {
    expect(boundedText(given)).toBeNull()
  })

  it('is bounded in the number of its entries', () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, 'v']))
    const { items, total } = boundedEntries(many, 100)
    expect(items).toHaveLength(100)
    expect(total).toBe(5000)
    expect(boundedEntries({ a: 1, b: '<b>' }).items).toEqual([['b', '<b>']])
  })
})

describe('a link that is not trusted', () => {
  it.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    '//evil.example',
    '/path',
    'https://user:password@example.com/',
    'https://',
    7,
  ])('is none: %j', (given) => {
    expect(safeLink(given)).toBeNull()
  })

  it.each(['https://example.com/a?b#c', 'http://example.com/'])('is one: %s', (given) => {
    expect(safeLink(given)).toBe(given)
  })
})

describe('a time that is not trusted', () => {
  it('is one of a calendar, and not the beginning of one', () => {
    expect(boundedTime('2026-01-02T03:04:05Z')).toBe(Date.UTC(2026, 0, 2, 3, 4, 5))
    expect(boundedTime('1970-01-01T00:00:00Z')).toBeNull()
    expect(boundedTime('0001-01-01T00:00:00Z')).toBeNull()
    expect(boundedTime('soon')).toBeNull()
  })
})
