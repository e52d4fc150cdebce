import { describe, expect, test } from 'vitest'
import { banner, reachableUrls } from '../../adapters/cli/banner.ts'
import { explainListening } from '../../adapters/cli/explain.ts'
import { isReachable } from '../../adapters/cli/listen-address.ts'

describe('the URLs a person can use', () => {
  const two = (): readonly string[] => ['192.0.2.7', '192.0.2.8']

  test.each([
    ['http://127.0.0.1:5000', ['http://127.0.0.1:5000']],
    ['https://[::1]:5000', ['https://[::1]:5000']],
    ['unix:/run/x.sock', ['unix:/run/x.sock']],
    [
      'http://[::]:5000',
      ['http://localhost:5000', 'http://192.0.2.7:5000', 'http://192.0.2.8:5000'],
    ],
    ['https://0.0.0.0:443', ['https://localhost', 'https://192.0.2.7', 'https://192.0.2.8']],
  ])('of %s', (url, urls) => {
    expect(reachableUrls(url, two)).toEqual(urls)
  })

  test('stand in the banner, with commands to paste', () => {
    const text = banner('1.2.3', 'http://[::]:5000', 'keeping everything in memory')
    expect(text).toContain(
      'Layerdock 1.2.3 at http://localhost:5000, keeping everything in memory\n',
    )
    expect(text).toContain('  docker push localhost:5000/alpine\n')
    expect(text).not.toContain('[::]')
    expect(banner('1.2.3', 'unix:/run/x.sock', 'x')).not.toContain('docker')
  })
})

test.each([
  ['http://127.0.0.1:5000', false],
  ['http://127.9.9.9:5000', false],
  ['http://localhost:5000', false],
  ['http://[::1]:5000', false],
  ['http://[::ffff:127.0.0.1]:5000', false],
  ['unix:/run/x.sock', false],
  ['http://0.0.0.0:5000', true],
  ['http://[::]:5000', true],
  ['https://192.0.2.7:5000', true],
  ['https://registry.example:5000', true],
])('a server at %s is reachable from other machines: %s', (url, expected) => {
  expect(isReachable(url)).toBe(expected)
})

test('a port that is taken on macOS is explained with AirPlay', () => {
  const taken = Object.assign(new Error('taken'), { code: 'EADDRINUSE' })
  const explain = (port: number, platform: string): string | null =>
    explainListening(taken, { host: '127.0.0.1', port }, platform)
  expect(explain(5000, 'darwin')).toContain('Turn off "AirPlay Receiver"')
  expect(explain(5000, 'darwin')).toContain('or choose another port with --listen')
  expect(explain(5001, 'darwin')).toContain('another program listens there')
  expect(explain(5000, 'linux')).not.toContain('AirPlay')
})
