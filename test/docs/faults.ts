import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { openRegistry, serve } from '../../adapters/node-fs/index.ts'
import {
  compilePolicy,
  holdToQuotas,
  htpasswd,
  limitRequests,
  parsePolicy,
  registryAccess,
  repositoryQuota,
  tokenService,
} from '../../src/access/index.ts'
import { createRegistry, type RegistryOptions } from '../../src/index.ts'
import { makeCertificate } from '../cli/certificates.ts'
import { type Image, imageOf, pushTo } from './small-image.ts'

/** Where clients find each registry with a fault: `HOST:PORT`. */
export interface Faults {
  /** Without a fault; has `team/app:v1`. */
  readonly open: string
  /** Plain HTTP at an address that no client takes for its own machine. */
  readonly plain: string
  /** HTTPS with a certificate of an unknown authority. */
  readonly unknownAuthority: string
  /** Asks for a login: `bob` may pull `team/**`, `alice` may push too; `small/**` has a quota of 1 KiB. */
  readonly login: string
  readonly readOnly: string
  /** Takes three requests a second. */
  readonly limited: string
  /** Behind a proxy that refuses large bodies, in the words of nginx. */
  readonly proxy: string
  /** `team/rotten:v1` has a layer with a flipped bit, and `team/lost:v1` one that is gone. */
  readonly damaged: string
  close(): Promise<void>
}

/** Starts them all. */
export async function openFaults(folder: string, hash: string): Promise<Faults> {
  const ends: (() => Promise<unknown>)[] = []
  const served = async (
    options: RegistryOptions = {},
    host = '127.0.0.1',
    tls?: { readonly cert: string; readonly key: string },
  ): Promise<string> => {
    const registry = createRegistry(options)
    const serving = await serve(registry, {
      host,
      port: 0,
      ...(tls === undefined ? {} : { tls }),
    })
    ends.push(async () => {
      await serving.close(0)
      await registry.close()
    })
    return `${host}:${serving.port}`
  }
  const { cert, key } = makeCertificate(folder, 'registry.test', [
    '-addext',
    'subjectAltName=IP:127.0.0.2',
  ])
  const { policy } = parsePolicy({
    rules: [
      { who: 'user:alice', repositories: ['team/**', 'small/**'], allow: ['pull', 'push'] },
      { who: 'user:bob', repositories: 'team/**', allow: 'pull' },
    ],
    immutable: [{ repositories: '**', tags: 'semver' }],
    quotas: [{ repositories: 'small/**', bytes: '100' }],
  })
  if (policy === null) throw new Error('the policy is wrong')
  const users = htpasswd(`alice:${hash}\nbob:${hash}\n`)
  const tokens = tokenService({ service: 'layerdock' })
  const access = registryAccess({ logins: [users], policy: compilePolicy(policy), tokens })
  const proxy = await refusingProxy()
  ends.push(() => new Promise((resolve) => proxy.close(resolve)))
  const damaged = await openDamaged(folder)
  ends.push(damaged.close)
  const faults = {
    open: await served(),
    plain: await served({}, '127.0.0.2'),
    unknownAuthority: await served({}, '127.0.0.2', {
      cert: readFileSync(cert, 'utf8'),
      key: readFileSync(key, 'utf8'),
    }),
    login: await served({ access, wrap: holdToQuotas(repositoryQuota(policy.quotas)) }),
    readOnly: await served({ readOnly: true }),
    limited: await served({ access: limitRequests(null, { perSecond: 1, burst: 3 }) }),
    proxy: `127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    damaged: damaged.at,
  }
  await pushTo(faults.open, 'team/app', 'v1', imageOf('v1'))
  await pushTo(faults.login, 'team/app', '1.0.0', imageOf('v1'), 'alice')
  return { ...faults, close: async () => void (await Promise.all(ends.map((end) => end()))) }
}

/** A proxy that has no room for the bytes of a layer, as nginx says it. */
async function refusingProxy(): Promise<Server> {
  const page = '<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n</html>\r\n'
  const server = createServer((request, response) => {
    // A client that still sends might not see an answer that comes before its end.
    request.resume().on('end', () => {
      if (request.method === 'POST') {
        response.writeHead(202, { Location: '/v2/team/app/blobs/uploads/1', Range: '0-0' }).end()
      } else if (request.method === 'PUT' || request.method === 'PATCH') {
        response.writeHead(413, { 'Content-Type': 'text/html' }).end(page)
      } else {
        response.writeHead(request.url === '/v2/' ? 200 : 404).end()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function openDamaged(folder: string): Promise<{ at: string; close(): Promise<void> }> {
  const directory = join(folder, 'damaged')
  mkdirSync(directory)
  const registry = await openRegistry({ directory })
  const serving = await serve(registry, { host: '127.0.0.1', port: 0 })
  const at = `127.0.0.1:${serving.port}`
  // More than what shares a file with others.
  const [rotten, lost] = ['rotten', 'lost'].map((name) => imageOf(name, 100_000)) as [Image, Image]
  await pushTo(at, 'team/rotten', 'v1', rotten)
  await pushTo(at, 'team/lost', 'v1', lost)
  const blobs = join(directory, 'blobs/sha256')
  for (const name of readdirSync(blobs)) {
    const path = join(blobs, name)
    const bytes = readFileSync(path)
    if (!name.startsWith(rotten.layer.digest.slice('sha256:'.length))) rmSync(path)
    else writeFileSync(path, bytes.fill(bytes[500] === 0 ? 1 : 0, 500, 501))
  }
  return {
    at,
    async close() {
      await serving.close(0)
      await registry.close()
    },
  }
}
