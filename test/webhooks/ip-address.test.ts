import { describe, expect, test } from 'vitest'
import { kindOfAddress, refusalOfAddress } from '../../src/webhooks/index.ts'

describe('where an address leads', () => {
  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '64:ff9b::808:808',
  ])('%s is public', (address) => expect(kindOfAddress(address)).toBe('public'))

  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '100.127.255.255',
    '198.18.0.1',
    '::1',
    'fc00::1',
    'fd12:3456::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '::ffff:0:10.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b:1::192.168.0.1',
    '2002:7f00:1::1',
    '0:0:0:0:0:ffff:c0a8:101',
  ])('%s is private', (address) => expect(kindOfAddress(address)).toBe('private'))

  test.each([
    '0.0.0.0',
    '0.1.2.3',
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '::ffff:168.63.129.16',
    '3fff::1',
    '192.0.0.192',
    '224.0.0.1',
    '239.255.255.255',
    '255.255.255.255',
    '240.0.0.1',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'fd00:ec2::254',
    'fd20:ce::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '2001:0:a9fe:a9fe::1',
    '::169.254.169.254',
    '2001:db8::1',
    '4000::1',
  ])('%s is forbidden', (address) => {
    expect(kindOfAddress(address)).toBe('forbidden')
    expect(refusalOfAddress(address, true)).toContain('never sent to')
  })

  test.each([
    '',
    'localhost',
    '2130706433',
    '0x7f.1',
    '127.1',
    '0177.0.0.1',
    '1.2.3.256',
    ':::',
    '1::2::3',
    '12345::',
  ])('%j is no address', (text) => expect(kindOfAddress(text)).toBeNull())

  test('an endpoint may allow private addresses', () => {
    expect(refusalOfAddress('10.0.0.1', false)).toContain('allowPrivate')
    expect(refusalOfAddress('10.0.0.1', true)).toBeNull()
    expect(refusalOfAddress('1.1.1.1', false)).toBeNull()
  })
})
