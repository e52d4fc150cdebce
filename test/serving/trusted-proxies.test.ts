import { describe, expect, it } from 'vitest'
import { ForwardedPeer, readProxies } from '../../adapters/serving/trusted-proxies.ts'

interface Arriving {
  readonly from?: string
  readonly for?: string
  readonly proto?: string
  readonly unix?: boolean
  readonly secure?: boolean
}

/** What is known of a client that arrives so. */
function seen(list: readonly string[], arriving: Arriving): unknown {
  const proxies = readProxies(list)
  if (proxies === null) throw new Error('no proxies')
  const headers: Record<string, string | undefined> = {
    'x-forwarded-for': arriving.for,
    'x-forwarded-proto': arriving.proto,
  }
  const connection = { address: arriving.from, secure: arriving.secure ?? false }
  const peer = new ForwardedPeer(
    proxies,
    connection,
    arriving.unix ?? false,
    (name) => headers[name],
  )
  return [peer.address, peer.secure]
}

const list = ['10.0.0.0/8', 'fd00::/8']

describe('the client behind trusted proxies', () => {
  it.each<[string, Arriving, unknown]>([
    ['is the one before them', { from: '10.0.0.1', for: '192.0.2.7' }, ['192.0.2.7', false]],
    [
      'is not what the client says itself',
      { from: '10.0.0.1', for: '1.1.1.1, 192.0.2.7' },
      ['192.0.2.7', false],
    ],
    [
      'is before a chain of them',
      { from: '10.0.0.1', for: '1.1.1.1, 192.0.2.7,10.2.2.2 , fd00::9' },
      ['192.0.2.7', false],
    ],
    [
      'is the first where all are trusted',
      { from: '10.0.0.1', for: '10.3.3.3, 10.2.2.2' },
      ['10.3.3.3', false],
    ],
    ['is the connection without the header', { from: '10.0.0.1' }, ['10.0.0.1', false]],
    [
      'is the connection where that is not trusted',
      { from: '192.0.2.1', for: '10.0.0.1', proto: 'https' },
      ['192.0.2.1', false],
    ],
    [
      'is unknown where a proxy does not know it',
      { from: '10.0.0.1', for: '192.0.2.7, unknown' },
      [undefined, false],
    ],
    ['may have a port', { from: '10.0.0.1', for: '192.0.2.7:4711' }, ['192.0.2.7', false]],
    [
      'may have a port in IPv6',
      { from: 'fd00::1', for: '[2001:DB8::7]:4711' },
      ['2001:db8::7', false],
    ],
    [
      'is written as IPv4 where it is IPv4',
      { from: '10.0.0.1', for: '::ffff:192.0.2.7' },
      ['192.0.2.7', false],
    ],
    [
      'is found past empty entries',
      { from: '10.0.0.1', for: '192.0.2.7, ,' },
      ['192.0.2.7', false],
    ],
    [
      'speaks what the proxy says',
      { from: '10.0.0.1', for: '192.0.2.7', proto: 'HTTPS' },
      ['192.0.2.7', true],
    ],
    [
      'speaks what the last proxy says',
      { from: '10.0.0.1', proto: 'https, http' },
      ['10.0.0.1', false],
    ],
    [
      'speaks what the connection does, if nobody says',
      { from: '10.0.0.1', secure: true },
      ['10.0.0.1', true],
    ],
    [
      'has no address over a unix socket that is not trusted',
      { unix: true, for: '192.0.2.7' },
      [undefined, false],
    ],
    [
      'has no address when the connection is gone',
      { for: '192.0.2.7', proto: 'https' },
      [undefined, false],
    ],
  ])('%s', (_, arriving, expected) => {
    expect(seen(list, arriving)).toEqual(expected)
  })

  it('counts over a unix socket where that is trusted', () => {
    const arriving = { for: '192.0.2.7', proto: 'https' }
    expect(seen(['unix'], { ...arriving, unix: true })).toEqual(['192.0.2.7', true])
    expect(seen(['unix'], { ...arriving, from: '10.0.0.1' })).toEqual(['10.0.0.1', false])
    expect(seen(['unix'], arriving)).toEqual([undefined, false])
  })
})

describe('a list of proxies', () => {
  it('may be empty', () => {
    expect(readProxies([])).toBeNull()
  })

  it.each(['proxy.internal', '10.0.0.0/33', '', '*', 'true'])('refuses %j and says so', (entry) => {
    expect(() => readProxies(['10.0.0.1', entry])).toThrow(JSON.stringify(entry))
    expect(() => readProxies(['10.0.0.1', entry])).toThrow(TypeError)
  })
})
