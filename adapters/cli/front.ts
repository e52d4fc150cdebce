import type { HttpBindings } from '@hono/node-server'
import type { Registry } from '../../src/index.ts'
import { errorResponse, exchangeOf } from '../../src/kit.ts'
import { welcome } from '../../src/ui/catalog/welcome.ts'
import type { BufferBudget } from '../disk/buffers.ts'
import type { Fetcher } from '../node-http/listener.ts'
import { allPlanes, isReady, isWell, type Planes, reasonsOf, statesOf } from './health.ts'
import type { MetricsDoor } from './metrics/metrics-door.ts'
import { notNow, type OpenPage, PageDoor } from './page/page-door.ts'

/** Stands in front of the registry: answers health probes, and requests while it is being opened. */
export interface Front extends Fetcher {
  readonly buffers: BufferBudget
  /**
   * Sends requests to this registry from now on, also those that wait for one.
   *
   * @param look finds out how the registry's parts do; never rejects
   * @param openPage makes the web page, of a front that has one
   */
  open(registry: Registry, look: () => Promise<Planes>, openPage?: OpenPage): void
  /** How the server does. Never rejects. */
  condition(): Promise<Condition>
  /** Says in its health from now on that it is draining, and serves on. */
  leave(): void
  /** The same, and refuses every request. */
  drain(): void
}

/** How a server does, for the people who look at it. */
export interface Condition {
  readonly health: 'starting' | 'ok' | 'degraded' | 'draining'
  /** Why it is not ok, in words. */
  readonly reasons: readonly string[]
}

/** What a front is. */
export interface FrontOptions {
  /** Whether callers have to log in: then the health pages, which everybody may read, name no digests. */
  readonly isPrivate?: boolean
  /** Whether browsers are shown a web page. */
  readonly hasPage?: boolean
  /** Answers `/metrics`. Default: nothing is there. */
  readonly metrics?: MetricsDoor | null
}

const ownPaths: ReadonlySet<string> = new Set(['/', '/live', '/ready', '/healthz'])

/** How long a request waits for a registry that is still being opened. */
const patienceMs = 10_000

/** Makes the front of a program of some version. */
export function createFront(
  version: string,
  buffers: BufferBudget,
  { isPrivate = false, hasPage = false, metrics = null }: FrontOptions = {},
): Front {
  const began = performance.now()
  let registry: Registry | null = null
  let look = async (): Promise<Planes> => allPlanes('starting')
  let openPage: OpenPage | null = null
  const door = new PageDoor()
  let leaving = false
  let draining = false
  let opened = (): void => {}
  const opening = new Promise<void>((resolve) => {
    opened = resolve
  })

  const statusOf = (planes: Planes): Condition['health'] => {
    if (leaving) return 'draining'
    if (registry === null) return 'starting'
    return isWell(planes) ? 'ok' : 'degraded'
  }

  const ready = async (): Promise<Response> => {
    const planes = await look()
    const isUp = registry !== null && !leaving && isReady(planes)
    const body = { status: statusOf(planes), reasons: reasonsOf(planes) }
    return jsonResponse(body, isUp ? 200 : 503)
  }

  const findOut = async (): Promise<Found> => {
    const planes = await look()
    // A store that does not answer is not asked twice.
    const canSay = planes.metadata.state !== 'unavailable'
    const missingBlobs = canSay
      ? await missingIn(registry, isPrivate ? 0 : namedMissing)
      : undefined
    const known = statusOf(planes)
    const status = known === 'ok' && missingBlobs !== undefined ? 'degraded' : known
    return { status, planes, missingBlobs }
  }

  const healthz = async (): Promise<Response> => {
    const { status, planes, missingBlobs } = await findOut()
    const uptimeSeconds = Math.round((performance.now() - began) / 1000)
    const reasons = reasonsOf(planes)
    const body = { status, version, uptimeSeconds, planes: statesOf(planes), reasons, missingBlobs }
    return jsonResponse(body, status === 'ok' ? 200 : 503)
  }

  const ownPage = (path: string, request: Request): Response | Promise<Response> | null => {
    if (ownPaths.has(path)) exchangeOf(request)?.at(path, null, null)
    switch (path) {
      case '/':
        return welcome(request)
      case '/live':
        return jsonResponse({ status: 'ok' }, 200)
      case '/ready':
        return ready()
      case '/healthz':
        return healthz()
      default:
        return null
    }
  }

  /** Whether the registry is open, now or within ten seconds. */
  const isOpen = async (): Promise<boolean> => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs)
    })
    await Promise.race([opening, late])
    clearTimeout(timer)
    return registry !== null
  }

  const whenOpen = async (request: Request, context?: HttpBindings): Promise<Response> => {
    await isOpen()
    return registry?.fetch(request, context) ?? errorResponse('unavailable', { 'Retry-After': '5' })
  }

  const pageWhenOpen = async (request: Request, context?: HttpBindings): Promise<Response> => {
    await isOpen()
    return openPage === null ? notNow(request) : door.fetch(request, context, openPage)
  }

  return {
    buffers,
    fetch(request, context) {
      const target = context?.incoming.url ?? pathOf(request.url)
      if (!target.startsWith('/v2')) {
        const path = target.split('?', 1)[0] ?? target
        if (hasPage && PageDoor.leadsTo(path, request)) {
          if (openPage === null) return pageWhenOpen(request, context)
          return door.fetch(request, context, openPage)
        }
        if (metrics !== null && path === '/metrics') return metrics(request, context)
        const answer = ownPage(path, request)
        if (answer !== null) return answer
      }
      if (draining) return errorResponse('unavailable', { 'Retry-After': '5', Connection: 'close' })
      return registry === null ? whenOpen(request, context) : registry.fetch(request, context)
    },
    open(made, lookAt, makePage) {
      registry = made
      look = lookAt
      openPage = makePage ?? null
      opened()
    },
    async condition() {
      const { status, planes, missingBlobs } = await findOut()
      const reasons = Object.values(reasonsOf(planes) ?? {})
      if (missingBlobs !== undefined) reasons.push(missingText(missingBlobs))
      return { health: status, reasons }
    },
    leave() {
      leaving = true
    },
    drain() {
      leaving = true
      draining = true
      door.close()
    },
  }
}

/** How the server does, in every detail. */
interface Found {
  readonly status: Condition['health']
  readonly planes: Planes
  readonly missingBlobs: MissingBlobs | undefined
}

/** What is known to be missing, for everybody to read; undefined where nothing is. */
interface MissingBlobs {
  readonly count: number
  /** The first ten; none where callers have to log in. */
  readonly digests: readonly string[]
}

const namedMissing = 10

function missingText({ count }: MissingBlobs): string {
  return count === 1
    ? 'the bytes of a blob are missing or damaged'
    : `the bytes of ${count} blobs are missing or damaged`
}

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

function jsonResponse(value: object, status: number): Response {
  const body = new TextEncoder().encode(JSON.stringify(value))
  const length = String(body.byteLength)
  return new Response(body, { status, headers: { ...headers, 'Content-Length': length } })
}

const headers = {
  'Cache-Control': 'no-store',
  'Content-Type': 'application/json',
  'X-Content-Type-Options': 'nosniff',
}
