import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alternativeNames } from '../../adapters/node-http/client-certificate.ts'
import { type Serving, serve } from '../../adapters/node-http/serve.ts'
import type { Peer } from '../../src/index.ts'
import { peerOf } from '../../src/kit.ts'
import { hasOpenssl } from '../cli/certificates.ts'
import { makeAuthority, type TestAuthority } from './test-authority.ts'

describe('alternative names', () => {
  test.each([
    ['', []],
    ['DNS:a.example', [['DNS', 'a.example']]],
    [
      'URI:spiffe://acme/ci, email:a@b.c, IP Address:10.0.0.1',
      [
        ['URI', 'spiffe://acme/ci'],
        ['email', 'a@b.c'],
        ['IP Address', '10.0.0.1'],
      ],
    ],
    // What would read as another name is quoted by node:tls.
    [
      'DNS:"a.example, email:root@b.c", email:x@y.z',
      [
        ['DNS', 'a.example, email:root@b.c'],
        ['email', 'x@y.z'],
      ],
    ],
    ['DNS:"a \\" b"', [['DNS', 'a " b']]],
  ])('of %j are %j', (text, names) => {
    expect(alternativeNames(text).map(({ kind, value }) => [kind, value])).toEqual(names)
  })
})

describe.skipIf(!hasOpenssl)('client certificates', () => {
  let folder: string
  let authority: TestAuthority
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'layerdock-'))
    authority = makeAuthority(folder, 'authority')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** Serves the peer of each request. */
  async function serving(required: boolean): Promise<{ server: Serving; peers: Peer[] }> {
    const peers: Peer[] = []
    const own = authority.issue('server', '/CN=localhost', 'DNS:localhost')
    const fetch = (incoming: Request): Response => {
      peers.push(peerOf(incoming))
      return new Response('ok')
    }
    const tls = { ...own, clientCa: authority.cert, clientRequired: required }
    return { server: await serve({ fetch }, { port: 0, tls }), peers }
  }

  function ask(port: number | null, client: object): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, rejectUnauthorized: false, agent: false }
      const sent = request({ ...options, ...client }, (answer) => {
        answer.resume().on('end', () => resolve(String(answer.statusCode)))
      })
      sent.on('error', (error) => reject(error))
      sent.end()
    })
  }

  test('say who calls, where the authority is trusted', async () => {
    const { server, peers } = await serving(false)
    const alice = authority.issue(
      'alice',
      '/O=acme/O=ci/CN=alice',
      'URI:spiffe://acme/a,email:a@b.c',
    )
    const other = makeAuthority(folder, 'other').issue('mallory', '/CN=alice', 'DNS:x')
    await ask(server.port, alice)
    await ask(server.port, {})
    await ask(server.port, other)
    expect(peers.map(({ certificate }) => certificate)).toEqual([
      {
        commonName: 'alice',
        organizations: ['acme', 'ci'],
        uris: ['spiffe://acme/a'],
        emails: ['a@b.c'],
        hosts: [],
        fingerprint: expect.stringMatching(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/),
      },
      undefined,
      undefined,
    ])
    await server.close(0)
  })

  test('are required in the handshake where that is asked for', async () => {
    const { server, peers } = await serving(true)
    await expect(ask(server.port, {})).rejects.toThrow()
    const other = makeAuthority(folder, 'third').issue('mallory', '/CN=alice', 'DNS:x')
    await expect(ask(server.port, other)).rejects.toThrow()
    expect(await ask(server.port, authority.issue('bob', '/CN=bob', 'DNS:bob'))).toBe('200')
    expect(peers).toHaveLength(1)
    await server.close(0)
  })

  test('of another authority count once it is set', async () => {
    const { server, peers } = await serving(false)
    const next = makeAuthority(folder, 'next')
    const bob = next.issue('bob', '/CN=bob', 'DNS:bob')
    await ask(server.port, bob)
    const own = authority.issue('renewed', '/CN=localhost', 'DNS:localhost')
    await server.setCertificate({ ...own, clientCa: next.cert })
    await ask(server.port, bob)
    expect(peers.map(({ certificate }) => certificate?.commonName)).toEqual([undefined, 'bob'])
    await server.close(0)
  })
})
