// An application brings its own hono, and npm installs a second one beside it where the versions
// differ. A registry has to fit into the application's app all the same: types, routes and handlers.
import { join } from 'node:path'
import { compile, install, run } from './empty-project.mjs'

/** What an application installs beside the registry. */
export const applications = [
  // The oldest hono that an app may have; npm installs another for the registry.
  ['hono@4.6.0', '@hono/node-server@1.13.1'],
  // The oldest hono that the registry itself runs on; both use the one copy.
  ['hono@4.12.0'],
  ['hono@4'],
]

const use = `import { Hono } from 'hono'
import { createRegistry } from 'layerdock'
import { createListener } from 'layerdock/node'

const routed = new Hono()
routed.get('/', (context) => context.text('home'))
routed.route('/', createRegistry().app)

const { fetch } = createRegistry({ prefix: '/registry', stripped: '/registry' })
const mounted = new Hono<{ Bindings: { readonly TOKEN: string } }>()
mounted.get('/', (context) => context.text('home'))
mounted.mount('/registry', fetch)

const { app } = createRegistry({ prefix: '/registry', stripped: '/registry' })
const below = new Hono().get('/', (context) => context.text('home')).route('/registry', app)

export const alone: Hono = createRegistry().app
export const listener = createListener(createRegistry())

async function works(host: { request(path: string, init?: RequestInit): Response | Promise<Response> }, prefix: string) {
  for (const name of ['app', 'team/app', 'v2/team/app', 'blobs/uploads/app', 'd/'.repeat(40) + 'app']) {
    const uploads = prefix + '/v2/' + name + '/blobs/uploads/'
    const posted = await host.request(uploads, { method: 'POST' })
    const location = posted.headers.get('location') ?? ''
    if (posted.status !== 202 || !location.startsWith(uploads)) {
      throw new Error('POST ' + uploads + ': ' + posted.status + ' ' + location)
    }
    const patched = await host.request(location, { method: 'PATCH', body: 'content' })
    if (patched.status !== 202) throw new Error('PATCH ' + location + ': ' + patched.status)
  }
  for (const method of ['GET', 'HEAD']) {
    const checked = await host.request(prefix + '/v2/', { method })
    if (checked.status !== 200) throw new Error(method + ' /v2/: ' + checked.status)
  }
  const home = await host.request('/')
  if ((await home.text()) !== 'home') throw new Error('the home page is gone')
}
await works(routed, '')
await works(mounted, '/registry')
await works(below, '/registry')
console.log('mounted')
`

/**
 * Installs the registry into an application with these packages, compiles the application and runs it.
 * @param {string} folder an empty folder
 * @param {string} tarball
 * @param {readonly string[]} packages
 */
export function mountBeside(folder, tarball, packages) {
  install(folder, [...packages, tarball])
  compile(folder, 'use.ts', use)
  const output = run(process.execPath, [join(folder, 'use.js')], folder)
  process.stdout.write(`beside ${packages.join(', ')}: ${output}`)
}
