import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatAddress,
  inRange,
  parseAddress,
  parseRange,
} from '../../adapters/serving/ip-address.ts'

/** How an address is written after it was read; null for what is not an address. */
function written(text: string): string | null {
  const bytes = parseAddress(text)
  return bytes === null ? null : formatAddress(bytes)
}

describe('an address', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8::0:7', '2001:db8::7'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ])('%s is written %s', (text, plain) => {
    expect(written(text)).toBe(plain)
  })

  it.each([
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4:80',
    '0x7f.0.0.1',
    ' 1.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    '12345::',
    'g::',
    '[::1]',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
  ])('%j is not one', (text) => {
    expect(written(text)).toBeNull()
  })

  it('is read and written as a URL has it', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((value) => (value % 3 === 0 ? 0 : value))
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const text = groups.map((value) => value.toString(16)).join(':')
        expect(`[${written(text)}]`).toBe(new URL(`http://[${text}]`).hostname)
      }),
    )
  })
})

describe('a range', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.1.2.3/8', '10.9.9.9', true],
    ['192.0.2.128/25', '192.0.2.128', true],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '203.0.113.9', false],
    ['fd00::/8', 'fd12::1', true],
    ['fd00::/8', 'fe80::1', false],
    ['2001:db8::/33', '2001:db8:7fff::', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['::ffff:10.0.0.0/104', '10.0.0.1', true],
    ['::ffff:10.0.0.0/104', '11.0.0.1', false],
  ])('%s and %s: %s', (range, address, expected) => {
    const parsed = parseRange(range)
    const bytes = parseAddress(address)
    if (parsed === null || bytes === null) throw new Error('not read')
    expect(inRange(parsed, bytes)).toBe(expected)
  })

  it.each([
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10/8',
    '/8',
    '1.2.3.4/8/8',
    '::ffff:10.0.0.0/8',
  ])('%j is not one', (text) => {
    expect(parseRange(text)).toBeNull()
  })
})
