import type { NoticeSink } from '../ports/notices.ts'

/** Where a registry believes to be mounted. */
export interface Mount {
  /** The registry's `prefix`. */
  readonly prefix: string
  /** The registry's `stripped`. */
  readonly stripped: string
}

/**
 * Looks at requests that no route matches, and says which options would make one match. The first hint
 * is a notice too.
 *
 * @param mount the options that the registry has
 * @param matches whether a route matches a path, with these options
 * @returns takes a request and its Hono bindings; null where the original path is not known, or is
 *   unknown anyway
 */
export function mountHints(
  mount: Mount,
  matches: (path: string) => boolean,
  onNotice: NoticeSink,
): (request: Request, bindings: unknown) => string | null {
  let isReported = false
  return (request, bindings) => {
    const { pathname } = new URL(request.url)
    const detail = mountHint(originalTarget(request, bindings), pathname, mount, matches)
    if (detail !== null && !isReported) {
      isReported = true
      onNotice({ kind: 'mount-mismatch', detail })
    }
    return detail
  }
}

function mountHint(
  target: string | null,
  path: string,
  mount: Mount,
  matches: (path: string) => boolean,
): string | null {
  const cut = target === null ? null : cutOff(pathOf(target), path)
  if (cut === null) return null
  const base = `${mount.prefix}/v2`
  const below = path === '/' ? '' : path
  for (const start of startsOf(base)) {
    // A smaller cut than the registry expects is no mistake that one can see: a client may ask for
    // `/v2/v2/_catalog`.
    if (start.length <= mount.stripped.length || !cut.endsWith(start)) continue
    if (!matches(start.slice(mount.stripped.length) + below)) continue
    const prefix = (cut + base.slice(start.length)).slice(0, -'/v2'.length)
    const options = prefix === '' ? [] : [`prefix: ${JSON.stringify(prefix)}`]
    options.push(`stripped: ${JSON.stringify(cut)}`)
    return `the host application cut ${JSON.stringify(cut)} off the path: the registry needs { ${options.join(', ')} }`
  }
  return null
}

/**
 * The target of the request as it came over the wire, where Node's request is within reach: in what
 * @hono/node-server and our listener pass beside the Request, or on the Request of srvx, on which h3 runs.
 * Express and connect keep it in `originalUrl`.
 */
function originalTarget(request: Request, bindings: unknown): string | null {
  const incoming =
    field(bindings, 'incoming') ?? field(field(field(request, 'runtime'), 'node'), 'req')
  const target = field(incoming, 'originalUrl') ?? field(incoming, 'url')
  return typeof target === 'string' ? target : null
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function pathOf(target: string): string {
  return URL.canParse(target, 'http://host') ? new URL(target, 'http://host').pathname : ''
}

/** What stands before `path` in `original`; null where that does not end with it. */
function cutOff(original: string, path: string): string | null {
  const [whole, below] = [original, path].map((text) => text.replace(/\/$/, '')) as [string, string]
  return whole.endsWith(below) ? whole.slice(0, whole.length - below.length) : null
}

/** The path and everything that it starts with, the longest first: `/a/v2`, `/a`, ``. */
function startsOf(path: string): readonly string[] {
  const segments = path.split('/')
  return segments.map((_, index) => segments.slice(0, segments.length - index).join('/'))
}
