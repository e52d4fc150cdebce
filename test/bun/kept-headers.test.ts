import { describe, expect, test } from 'vitest'
import { KeptHeaders } from '../../adapters/bun/kept-headers.ts'

const content = (digest: string, more: Record<string, string> = {}): Record<string, string> => ({
  'Content-Type': 'application/octet-stream',
  'Docker-Content-Digest': digest,
  'Cache-Control': 'immutable',
  ...more,
})

describe('headers that are kept for the next answer', () => {
  test('are the same object while they are the same headers', () => {
    const kept = new KeptHeaders()
    const first = kept.of(content('sha256:a'))
    expect([...first]).toEqual([...new Headers(content('sha256:a'))])
    expect(kept.of(content('sha256:a'))).toBe(first)
    expect(kept.of(content('sha256:b'))).not.toBe(first)
    expect(kept.of(content('sha256:a'))).toBe(first)
  })

  test.each([
    ['another value', { 'Content-Type': 'text/plain' }],
    ['one more', { 'Content-Disposition': 'attachment' }],
  ])('are made anew where there is %s', (_, more) => {
    const kept = new KeptHeaders()
    const plain = content('sha256:a')
    const other = content('sha256:a', more)
    for (const given of [plain, other, plain, other, other]) {
      expect([...kept.of(given)]).toEqual([...new Headers(given)])
    }
  })

  test('are kept of a manifest by its tag beside those by its digest', () => {
    const kept = new KeptHeaders()
    const byDigest = content('sha256:a')
    const byTag = content('sha256:a', { 'Cache-Control': 'no-cache' })
    const [first, second] = [kept.of(byDigest), kept.of(byTag)]
    expect(kept.of(byDigest)).toBe(first)
    expect(kept.of(byTag)).toBe(second)
  })

  test('are let go of where there are too many', () => {
    const kept = new KeptHeaders()
    const first = kept.of(content('sha256:0'))
    for (let number = 1; number <= 1024; number += 1) kept.of(content(`sha256:${number}`))
    expect(kept.of(content('sha256:0'))).not.toBe(first)
  })
})
