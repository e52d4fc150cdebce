import { describe, expect, test } from 'vitest'
import { createRegistry } from '../../src/index.ts'
import { type RegistryFetch, registryContract } from '../../src/testing/index.ts'
import { sampleOf } from '../sample.ts'
import { brokenCase } from './breaking.ts'

type Change = (request: Request, proceed: RegistryFetch) => Response | Promise<Response>

/** The answer with other headers, or another status. */
async function altered(
  given: Response | Promise<Response>,
  headers: Readonly<Record<string, string | null>>,
  status?: number,
): Promise<Response> {
  const answer = await given
  const changed = new Headers(answer.headers)
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) changed.delete(name)
    else changed.set(name, value)
  }
  return new Response(answer.body, { status: status ?? answer.status, headers: changed })
}

const to = (request: Request, method: string, path: RegExp): boolean =>
  request.method === method && path.test(request.url)

/** The same request for another path. */
function moved(request: Request, from: string | RegExp, into: string): Request {
  return new Request(request.url.replace(from, into), request)
}

const without = (name: string): Change => {
  return (request, proceed) => altered(proceed(request), { [name]: null })
}

const broken: Record<string, Change> = {
  'loses Location': without('location'),
  'does not say digests': without('docker-content-digest'),
  'does not say how far an upload came': without('range'),
  'leads to no second page': without('link'),
  'does not say which subject it saw': without('oci-subject'),
  'does not say which tags it set': without('oci-tag'),
  'does not say that it filtered': without('oci-filters-applied'),
  'has no entity tags': without('etag'),
  'answers a deletion with 200': (request, proceed) =>
    request.method === 'DELETE' ? altered(proceed(request), {}, 200) : proceed(request),
  'sends whole blobs for parts': (request, proceed) => {
    const plain = new Request(request)
    plain.headers.delete('range')
    return proceed(plain)
  },
  'puts chunks where they come': (request, proceed) => {
    const plain = new Request(request)
    plain.headers.delete('content-range')
    return proceed(plain)
  },
  'sets tags unconditionally': (request, proceed) => {
    const plain = new Request(request)
    plain.headers.delete('if-match')
    return proceed(plain)
  },
  'serves any blob everywhere': async (request, proceed) => {
    if (!to(request, 'GET', /\/there\/blobs\/sha/)) return proceed(request)
    const elsewhere = moved(request, '/there/', '/here/')
    const answer = await proceed(request)
    return answer.status === 404 ? proceed(elsewhere) : answer
  },
  'mounts nothing': (request, proceed) => proceed(moved(request, 'mount=', 'unknown=')),
  'does not filter referrers': (request, proceed) =>
    altered(proceed(moved(request, 'artifactType=', 'unknown=')), {
      ...(request.url.includes('artifactType=') ? { 'oci-filters-applied': 'artifactType' } : {}),
    }),
  'ignores where a list starts': (request, proceed) => proceed(moved(request, 'last=', 'unknown=')),
  'keeps every tag': (request, proceed) =>
    to(request, 'DELETE', /manifests\/[^:]+$/)
      ? new Response(null, { status: 202 })
      : proceed(request),
  'keeps every session': (request, proceed) =>
    to(request, 'DELETE', /uploads/) ? new Response(null, { status: 204 }) : proceed(request),
  'has another word for errors': async (request, proceed) => {
    const answer = await proceed(request)
    if (answer.status < 400) return answer
    return new Response('{"error":"no"}', { status: answer.status, headers: answer.headers })
  },
  'knows no manifest by its digest': (request, proceed) =>
    to(request, 'GET', /manifests\/sha256:/)
      ? new Response(null, { status: 404 })
      : proceed(request),
  'writes manifests anew': async (request, proceed) => {
    const answer = await proceed(request)
    if (!to(request, 'GET', /manifests/) || answer.status !== 200) return answer
    return new Response(JSON.stringify(await answer.json()), { headers: answer.headers })
  },
}

/** Large blobs take long and tell nothing of these. */
const cases = registryContract.filter(({ name }) => !name.includes('megabytes'))

describe('the contract notices a registry that', () => {
  test.each(sampleOf('broken stores', Object.entries(broken), 3))('%s', async (_, change) => {
    const { fetch } = createRegistry()
    const make = (): RegistryFetch => (request) => change(request, fetch)
    expect(await brokenCase(cases, make)).not.toBeNull()
  })

  test('takes manifests whose content is not there', async () => {
    const { fetch } = createRegistry({ allowSparse: true })
    expect(await brokenCase(cases, () => fetch)).toContain('is not all there')
  })
})
