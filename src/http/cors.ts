import type { CorsOptions } from '../options.ts'

/** Decides what pages of other origins may do, and tells browsers (Fetch standard, "CORS protocol"). */
export interface Cors {
  /** Whether pages of the origin that a request comes from may change the registry. */
  mayWrite(request: Request): boolean
  /**
   * Answers a browser that asks before it sends a page's request; null when the request is something
   * else, or the page may not send it.
   *
   * @param methods that the path has, for an `Allow` header
   */
  preflight(request: Request, methods: string): Response | null
  /** Adds to an answer what lets the page read it. */
  expose(request: Request, response: Response): Response
}

/** Headers that a page may send. */
const sent =
  'Accept, Authorization, Cache-Control, Content-Range, Content-Type, If-Match, If-None-Match, If-Range, Range, X-Request-Id'

/** Headers of an answer that a page may read. */
const read =
  'Content-Length, Content-Range, Docker-Content-Digest, Docker-Upload-UUID, ETag, Link, Location, OCI-Chunk-Min-Length, OCI-Filters-Applied, OCI-Subject, OCI-Tag, Range, Retry-After, WWW-Authenticate, X-Request-Id'

/** How long a browser may remember the answer to its question, in seconds. */
const maxAge = '600'

/** @throws TypeError when something in `origins` is not an origin. */
export function createCors({ origins }: CorsOptions): Cors {
  if (origins !== '*') for (const origin of origins) checkOrigin(origin)
  const listed: ReadonlySet<string> = new Set(origins === '*' ? [] : origins)
  const mayWrite = (request: Request): boolean => listed.has(request.headers.get('origin') ?? '')

  /** What the answer says of its origin; null when the page may not read it. */
  function allowed(request: Request): Record<string, string> | null {
    const origin = request.headers.get('origin')
    if (origin === null) return null
    if (origins === '*') return { 'Access-Control-Allow-Origin': '*' }
    if (!listed.has(origin)) return null
    return {
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Credentials': 'true',
    }
  }

  return {
    mayWrite,
    preflight(request, methods) {
      const asks = request.headers.has('access-control-request-method')
      const headers = request.method === 'OPTIONS' && asks ? allowed(request) : null
      if (headers === null) return null
      return new Response(null, {
        status: 204,
        headers: {
          ...headers,
          'Access-Control-Allow-Methods': mayWrite(request) ? methods : 'GET, HEAD',
          'Access-Control-Allow-Headers': sent,
          'Access-Control-Max-Age': maxAge,
          ...(origins === '*' ? {} : { Vary: 'Origin' }),
        },
      })
    },
    expose(request, response) {
      // The same Response: an adapter knows the blob behind it.
      const { headers } = response
      if (origins !== '*') headers.append('Vary', 'Origin')
      const given = allowed(request)
      if (given === null) return response
      for (const [name, value] of Object.entries(given)) headers.set(name, value)
      headers.set('Access-Control-Expose-Headers', read)
      return response
    },
  }
}

/** An origin as browsers write it: a mistake here would only show as a page that does not work. */
function checkOrigin(origin: string): void {
  const written = URL.canParse(origin) ? new URL(origin).origin : 'null'
  // Only web origins have one that URL knows; those of browser extensions, say, are taken as they are.
  const known =
    written === 'null' ? /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/.test(origin) : written === origin
  if (known) return
  const hint = written === 'null' ? 'such as https://ui.example.com' : `did you mean ${written}?`
  throw new TypeError(`cors: ${JSON.stringify(origin)} is not an origin, ${hint}`)
}
