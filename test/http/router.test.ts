import fc from 'fast-check'
import { Hono } from 'hono/tiny'
import { describe, expect, test } from 'vitest'
import { pathOf, routerOf } from '../../src/http/router.ts'
import { routes } from '../../src/http/routes.ts'
import { runs } from '../sample.ts'

type Match = { readonly path: string; readonly name: string; readonly last: string } | null

function honoOf(base: string): Hono {
  const app: Hono = new Hono({ strict: false })
  for (const path of new Set(routes.map((route) => route.path))) {
    const [first = 'none', second = 'none'] = [...path.matchAll(/:([a-z]+)/g)].map(
      ([, name]) => name,
    )
    app.all(`${base}${path.slice('/v2'.length)}`, ({ req }) =>
      Response.json({ path, name: req.param(first) ?? '', last: req.param(second) ?? '' }),
    )
  }
  app.notFound(() => Response.json(null))
  return app
}

function matched(url: string, base: string): Match {
  const found = routerOf(base)(pathOf(url))
  return found && { path: found.rows[0]?.path ?? '', name: found.name, last: found.last }
}

/** Without the escapes that `checkRequest` refuses, whatever matches. */
const segment = fc.constantFrom(
  ...['v2', '_catalog', '_layerdock', 'token', 'repositories', 'blobs', 'uploads', 'manifests'],
  ...['tags', 'list', 'referrers', 'a', 'latest', 'sha256%3Aab', '%61', '%74ags', '%2561', '%25'],
  ...['a%20b', '%C3%A4', '%3F', '%23', 'a&b=c', '__proto__', ''],
)
const tail = fc.constantFrom('', '/', '//', '?n=1', '/?last=/manifests/a', '#a', '#a?b')

describe.each(['/v2', '', '/a.b/v2'])('below %j', (base) => {
  const app = honoOf(base)

  test('a path has the rows and the parameters that a Hono app finds', async () => {
    const paths = fc.tuple(fc.array(segment, { maxLength: 6 }), tail)
    await fc.assert(
      fc.asyncProperty(paths, async ([segments, end]) => {
        const { url } = new Request(`http://host:5000${base}/${segments.join('/')}${end}`)
        expect(matched(url, base)).toEqual(await (await app.fetch(new Request(url))).json())
      }),
      { numRuns: runs(1000) },
    )
  })
})

test.each(['/v2/a%ff/tags/list', '/v2/a/manifests/%zz'])(
  'a malformed escape of %s stays as it is',
  (path) => {
    const found = matched(`http://host${path}`, '/v2')
    expect(`${found?.name} ${found?.last}`).toContain(path.includes('%ff') ? 'a%ff' : '%zz')
  },
)
