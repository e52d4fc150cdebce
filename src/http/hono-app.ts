import type { Hono } from 'hono'
import { Hono as TinyHono } from 'hono/tiny'
import type { HttpRoutes } from './app.ts'

/** The routes of a registry as a fetch handler, and as a Hono app. */
export interface HttpApp extends Pick<HttpRoutes, 'fetch' | 'observed'> {
  /** Made when it is first read. */
  readonly app: Hono
}

/** `target` with `app`: the routes as a Hono app, made when it is first read. */
export function withApp<T extends object>(target: T, http: HttpRoutes): T & Pick<HttpApp, 'app'> {
  let app: Hono | null = null
  return {
    ...target,
    get app() {
      app ??= honoApp(http)
      return app
    },
  }
}

/**
 * An app for `host.route(path, app)`. It has a single route, and passes each request on: the routers of
 * many hono versions do not match names that contain slashes, and the host brings its own. A path that no
 * route matches goes on to the routes of the host.
 */
function honoApp(http: HttpRoutes): Hono {
  const app: Hono = new TinyHono()
  const path = `${http.base}/*`
  app.all(path, async (context, next) => {
    const { raw, routePath } = context.req
    // The host may have put a path in front of `base`; the route that matched has both.
    const inFront = segments(routePath) - segments(path)
    const url = withoutSegments(raw.url, inFront)
    const response = await http.fetchAs(url, raw, context.env as object | undefined)
    return http.isUnrouted(response) ? next() : response
  })
  app.notFound(({ req, env }) => http.refuse(req.raw, env as object | undefined))
  return app
}

function segments(path: string): number {
  return path.split('/').length - 1
}

/** Cuts the query and the first `count` segments of the path off a URL. */
function withoutSegments(url: string, count: number): string {
  const query = url.indexOf('?')
  const whole = query === -1 ? url : url.slice(0, query)
  const start = whole.indexOf('/', whole.indexOf('://') + 3)
  let end = start
  for (let left = count; left > 0 && end !== -1; left -= 1) end = whole.indexOf('/', end + 1)
  return whole.slice(0, start) + (end === -1 ? '/' : whole.slice(end))
}
