import { describe, expect, test } from 'vitest'
import { ownerOf } from '../../src/oci/owner.ts'

describe('the owner of a share', () => {
  test.each([
    ['ann', '192.0.2.1', 'principal ann'],
    [null, '192.0.2.1', 'address 192.0.2.1'],
    [null, undefined, null],
    [null, '2001:db8:1:2:3:4:5:6', 'address 2001:db8:1:2'],
    [null, '2001:0db8:0001:0002::7', 'address 2001:db8:1:2'],
    [null, '2001:db8::7', 'address 2001:db8:0:0'],
    [null, 'fe80::1%eth0', 'address fe80:0:0:0'],
    [null, '::1', 'address 0:0:0:0'],
    [null, '::ffff:192.0.2.1', 'address ::ffff:192.0.2.1'],
  ])('of %s at %s', (principal, address, expected) => {
    expect(ownerOf(principal, address)).toBe(expected)
  })
})
