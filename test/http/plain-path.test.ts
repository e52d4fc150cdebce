import fc from 'fast-check'
import { Hono } from 'hono/tiny'
import { expect, test } from 'vitest'
import { matchPlain } from '../../src/http/plain-path.ts'
import { routes } from '../../src/http/routes.ts'
import { runs } from '../sample.ts'

const digest = `sha256:${'a'.repeat(64)}`

/** What Hono makes of a path: the pattern that matches, and its parameters. */
const router = new Hono({ strict: false })
for (const path of new Set(routes.map((route) => route.path))) {
  router.all(path, ({ req }) => Response.json({ path, ...req.param() }))
}
router.notFound(() => Response.json(null))

async function routed(url: string): Promise<unknown> {
  return (await router.fetch(new Request(url))).json()
}

function matched(url: string, base = '/v2'): unknown {
  const plain = matchPlain(new Request(url).url, base)
  if (plain === null) return null
  const path = plain.rows[0]?.path ?? ''
  const [, last] = [...path.matchAll(/:([a-z]+)/g)].map(([, name]) => name)
  return { path, name: plain.name, ...(last === undefined ? {} : { [last]: plain.last }) }
}

const segment = fc.constantFrom(
  ...['blobs', 'uploads', 'manifests', 'tags', 'list', 'referrers', 'a', 'b-c', '_a', '__proto__'],
  ...[
    '_layerdock',
    'repositories',
    '_catalog',
    'v2',
    digest,
    'latest',
    '',
    '%61',
    'a&digest=b',
    '.',
  ],
)
const tail = fc.constantFrom('', '/', '?n=1', '?last=/manifests/a', '#a', '/?a')

test('a plain path matches the row that the router finds, with the same parameters', async () => {
  const paths = fc.tuple(fc.array(segment, { maxLength: 7 }), tail)
  await fc.assert(
    fc.asyncProperty(paths, async ([segments, end]) => {
      const url = `http://host:5000/v2/${segments.join('/')}${end}`
      const plain = matched(url)
      if (plain !== null) expect(plain).toEqual(await routed(url))
    }),
    { numRuns: runs(2000) },
  )
})

test.each([
  '/v2/a/manifests/latest',
  `/v2/a/b/manifests/${digest}`,
  `/v2/a/blobs/${digest}`,
  '/v2/a/blobs/uploads',
  '/v2/a/blobs/uploads?mount=b',
  '/v2/a/blobs/uploads/',
  '/v2/a/manifests/latest/?n=1',
  '/v2/blobs/uploads/blobs/uploads/0e0c',
  '/v2/manifests/tags/list?n=1',
  `/v2/a/referrers/${digest}`,
])('%s needs no router', async (path) => {
  const url = `http://host${path}`
  expect(matched(url)).not.toBeNull()
  expect(matched(url)).toEqual(await routed(url))
})

test.each([
  '/v2/',
  '/v2/_catalog',
  '/v2/_layerdock/repositories/a/manifests/b',
  '/v2/a/manifests/%6catest',
  '/v2/a/manifests/latest//',
  '/v2x/a/manifests/latest',
  '/x/v2/a/manifests/latest',
  '/v2/manifests/latest',
])('%s is left to the router', (path) => {
  expect(matched(`http://host${path}`)).toBeNull()
})

test('a base is where the paths of the API begin', () => {
  const plain = matched('https://host/registry/v2/a/tags/list', '/registry/v2')
  expect(plain).toEqual({ path: '/v2/:name{.+}/tags/list', name: 'a' })
})
