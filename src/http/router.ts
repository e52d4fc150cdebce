import { PatternRouter } from 'hono/router/pattern-router'
import { type MatchedPath, type Route, routes } from './routes.ts'

/** Finds the rows that a path matches; null where none do. */
export type PathRouter = (path: string) => MatchedPath | null

/**
 * Routers by their base. They hold no registry, so a host that makes a registry for each request, as a
 * worker does, makes no router for it.
 */
const routers: Map<string, PathRouter> = new Map()
const mostRouters = 64

/**
 * The router of the paths that begin with `base`. It is Hono's pattern router alone: the class `Hono` would
 * be an eighth of a worker's bundle, and only `hono-app.ts` needs it. Of Hono's routers this one takes a
 * third of the default one's time on these patterns.
 */
export function routerOf(base: string): PathRouter {
  const known = routers.get(base)
  if (known !== undefined) return known
  const router = routed(base)
  if (routers.size < mostRouters) routers.set(base, router)
  return router
}

/** Each path once, with its rows behind it, so that a method that no row has gets 405. */
function routed(base: string): PathRouter {
  const router: PatternRouter<readonly Route[]> = new PatternRouter()
  for (const path of new Set(routes.map((route) => route.path))) {
    const rows = routes.filter((route) => route.path === path)
    router.add('ALL', `${base}${path.slice('/v2'.length)}`, rows)
  }
  return (path) => {
    // A client POSTs to `blobs/uploads/`, and that slash is no part of a name.
    const bare = decoded(path.endsWith('/') ? path.slice(0, -1) : path)
    const [found] = router.match('ALL', bare)[0]
    if (found === undefined) return null
    const [rows, parameters] = found
    const [name = '', last = ''] = Object.values(parameters as Readonly<Record<string, string>>)
    return { rows, name, last, isPlain: false }
  }
}

/** The path of a URL as it was sent, without its query. */
export function pathOf(url: string): string {
  const path = url.slice(url.indexOf('/', url.indexOf('://') + 3))
  const end = path.search(/[?#]/)
  return end === -1 ? path : path.slice(0, end)
}

/** Decodes percent escapes. Malformed ones stay, and no name or reference has them. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
