import type { HttpBindings } from '@hono/node-server'
import type { Registry } from '../../src/index.ts'
import { errorResponse, exchangeOf } from '../../src/kit.ts'
import { welcome } from '../../src/ui/catalog/welcome.ts'
import type { BufferBudget } from '../disk/buffers.ts'
import type { Fetcher } from '../node-http/listener.ts'
import { allPlanes, isReady, isWell, type Planes, reasonsOf, statesOf } from './health.ts'

/** Stands in front of the registry: answers health probes, and requests while it is being opened. */
export interface Front extends Fetcher {
  readonly buffers: BufferBudget
  /**
   * Sends requests to this registry from now on, also those that wait for one.
   *
   * @param look finds out how the registry's parts do; never rejects
   */
  open(registry: Registry, look: () => Promise<Planes>): void
  /** Says in its health from now on that it is draining, and serves on. */
  leave(): void
  /** The same, and refuses every request. */
  drain(): void
}

const ownPaths: ReadonlySet<string> = new Set(['/', '/live', '/ready', '/healthz'])

/** How long a request waits for a registry that is still being opened. */
const patienceMs = 10_000

/**
 * Makes the front of a program of some version.
 *
 * @param isPrivate whether callers have to log in: then the health pages, which everybody may read, name no
 *   digests
 */
export function createFront(version: string, buffers: BufferBudget, isPrivate = false): Front {
  const began = performance.now()
  let registry: Registry | null = null
  let look = async (): Promise<Planes> => allPlanes('starting')
  let leaving = false
  let draining = false
  let opened = (): void => {}
  const opening = new Promise<void>((resolve) => {
    opened = resolve
  })

  const statusOf = (planes: Planes): string => {
    if (leaving) return 'draining'
    if (registry === null) return 'starting'
    return isWell(planes) ? 'ok' : 'degraded'
  }

  const ready = async (): Promise<Response> => {
    const planes = await look()
    const isUp = registry !== null && !leaving && isReady(planes)
    const body = { status: statusOf(planes), reasons: reasonsOf(planes) }
    return Response.json(body, { headers, status: isUp ? 200 : 503 })
  }

  const healthz = async (): Promise<Response> => {
    const planes = await look()
    // A store that does not answer is not asked twice.
    const canSay = planes.metadata.state !== 'unavailable'
    const missingBlobs = canSay
      ? await missingIn(registry, isPrivate ? 0 : namedMissing)
      : undefined
    const known = statusOf(planes)
    const status = known === 'ok' && missingBlobs !== undefined ? 'degraded' : known
    const uptimeSeconds = Math.round((performance.now() - began) / 1000)
    const reasons = reasonsOf(planes)
    const body = { status, version, uptimeSeconds, planes: statesOf(planes), reasons, missingBlobs }
    return Response.json(body, { headers, status: status === 'ok' ? 200 : 503 })
  }

  const ownPage = (path: string, request: Request): Response | Promise<Response> | null => {
    if (ownPaths.has(path)) exchangeOf(request)?.at(path, null, null)
    switch (path) {
      case '/':
        return welcome(request)
      case '/live':
        return Response.json({ status: 'ok' }, { headers })
      case '/ready':
        return ready()
      case '/healthz':
        return healthz()
      default:
        return null
    }
  }

  const whenOpen = async (request: Request, context?: HttpBindings): Promise<Response> => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs)
    })
    await Promise.race([opening, late])
    clearTimeout(timer)
    return registry?.fetch(request, context) ?? errorResponse('unavailable', { 'Retry-After': '5' })
  }

  return {
    buffers,
    fetch(request, context) {
      const target = context?.incoming.url ?? pathOf(request.url)
      if (!target.startsWith('/v2')) {
        const answer = ownPage(target.split('?', 1)[0] ?? target, request)
        if (answer !== null) return answer
      }
      if (draining) return errorResponse('unavailable', { 'Retry-After': '5', Connection: 'close' })
      return registry === null ? whenOpen(request, context) : registry.fetch(request, context)
    },
    open(made, lookAt) {
      registry = made
      look = lookAt
      opened()
    },
    leave() {
      leaving = true
    },
    drain() {
      leaving = true
      draining = true
    },
  }
}

/** What is known to be missing, for everybody to read; undefined where nothing is. */
interface MissingBlobs {
  readonly count: number
  /** The first ten; none where callers have to log in. */
  readonly digests: readonly string[]
}

const namedMissing = 10

async function missingIn(
  registry: Registry | null,
  named: number,
): Promise<MissingBlobs | undefined> {
  try {
    const { count, blobs } = (await registry?.missingBytes(named)) ?? { count: 0, blobs: [] }
    return count === 0 ? undefined : { count, digests: blobs.map(({ digest }) => digest) }
  } catch {
    // The state of the metadata says so already.
    return undefined
  }
}

/** The path of a URL, and what follows it. */
function pathOf(url: string): string {
  return url.slice(url.indexOf('/', url.indexOf('://') + 3))
}

const headers = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }
