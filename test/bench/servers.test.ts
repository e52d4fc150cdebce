import { expect, test } from 'vitest'
import { takesPart } from '../../bench/rounds.mjs'
import { bareServer, peer } from '../../bench/servers.mjs'

test('a peer is a whole command, or the program of a registry that is known by its name', () => {
  expect(peer('mine=registry --port {port} {dir}')).toMatchObject({
    name: 'mine',
    command: 'registry --port {port} {dir}',
    syncs: 'not stated',
  })
  expect(peer('zot=/usr/local/bin/zot')).toMatchObject({
    command: '/usr/local/bin/zot serve {zot-config}',
    syncs: 'nothing',
  })
  expect(peer('zot-commit=/usr/local/bin/zot')).toMatchObject({ syncs: 'files' })
  expect(peer('distribution3=/usr/local/bin/registry').command).toBe(
    '/usr/local/bin/registry serve {config}',
  )
  expect(() => peer('mine=/usr/local/bin/registry')).toThrow('needs a whole command')
  expect(() => peer('/usr/local/bin/registry')).toThrow('a peer is given as name=command')
})

test('bare servers take part where a scenario says so, and a variant asks for servers that have it', () => {
  const bare = bareServer('node')
  const other = peer('zot=/usr/local/bin/zot')
  expect(takesPart({}, bare)).toBe(false)
  expect(takesPart({ bare: true }, bare)).toBe(true)
  expect(takesPart({}, other)).toBe(true)
  expect(takesPart({ bare: true, variant: 'tls' }, bare)).toBe(true)
  expect(takesPart({ bare: true, variant: 'log' }, bare)).toBe(false)
  expect(takesPart({ variant: 'tls' }, other)).toBe(false)
})
