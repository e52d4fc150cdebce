import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openRegistry } from '../../adapters/node-fs/index.ts'
import { registryAccess, tokenService } from '../../src/access/index.ts'
import { type Access, createRegistry, type Registry } from '../../src/index.ts'
import { setPeer } from '../../src/kit.ts'
import { basic, policyOf, usersLogin } from './token-registry.ts'

const folders: string[] = []
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

const limits = { uploadSessionsPerOwner: 2, uploadBytesPerOwner: 10 }

function access(): Access {
  return registryAccess({
    logins: [
      usersLogin(
        new Map([
          ['ann', 'secret'],
          ['bob', 'word'],
        ]),
      ),
    ],
    policy: policyOf(() => true),
    tokens: tokenService({ service: 'registry.test' }),
  })
}

const kinds: Record<string, () => Promise<Registry>> = {
  memory: async () => createRegistry({ access: access(), limits }),
  async disk() {
    const directory = await mkdtemp(join(tmpdir(), 'layerdock-owners-'))
    folders.push(directory)
    return openRegistry({ directory, access: access(), limits })
  },
}

interface Sent {
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly address?: string
}

async function send(
  registry: Registry,
  method: string,
  path: string,
  sent: Sent,
): Promise<Response> {
  const { headers = {}, body, address = '192.0.2.1' } = sent
  const request = new Request(new URL(path, 'http://registry.test'), {
    method,
    headers: body === undefined ? headers : { ...headers, 'Content-Length': String(body.length) },
    ...(body === undefined ? {} : { body }),
  })
  setPeer(request, { address })
  return registry.fetch(request)
}

/** The bearer token of a user, as a client of docker gets it. */
async function bearer(registry: Registry, user: string, password: string) {
  const query = 'service=registry.test&scope=repository:app:pull,push'
  const path = `/v2/_layerdock/token?${query}`
  const answer = await send(registry, 'GET', path, { headers: basic(user, password) })
  const { token } = (await answer.json()) as { readonly token: string }
  return { Authorization: `Bearer ${token}` }
}

/** Opens a session with some bytes; its path, or the status of a refusal. */
async function upload(registry: Registry, sent: Sent): Promise<string | number> {
  const opened = await send(registry, 'POST', '/v2/app/blobs/uploads/', { ...sent, body: '' })
  const path = opened.headers.get('location')
  if (path === null) return opened.status
  const patched = await send(registry, 'PATCH', path, sent)
  return patched.status === 202 ? path : patched.status
}

test.each(Object.entries(kinds))(
  'uploads count for who calls, by whatever credentials and address, in %s',
  async (_, make) => {
    const registry = await make()
    const ann = await bearer(registry, 'ann', 'secret')
    const bob = await bearer(registry, 'bob', 'word')
    const fresh = await bearer(registry, 'ann', 'secret')
    expect(await upload(registry, { headers: ann, body: 'abc' })).toContain('/uploads/')
    const other = { headers: basic('ann', 'secret'), address: '198.51.100.1' }
    // The two sessions have nine of ten bytes.
    const second = await upload(registry, { ...other, body: 'abcdef' })
    expect(second).toContain('/uploads/')
    expect(await upload(registry, { headers: fresh, body: 'x' })).toBe(429)
    const more = await send(registry, 'PATCH', String(second), { headers: fresh, body: 'gh' })
    expect(more.status).toBe(429)
    const last = await send(registry, 'PATCH', String(second), { headers: fresh, body: 'g' })
    expect(last.status).toBe(202)
    // Neither another user of the same address, nor one without a name.
    expect(await upload(registry, { headers: bob, body: '0123456789' })).toContain('/uploads/')
    expect(await upload(registry, { body: '0123456789' })).toContain('/uploads/')
    await registry.close()
  },
)
