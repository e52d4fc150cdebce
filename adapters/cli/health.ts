/** The state of one part of a registry; `starting` until it was checked. */
export type PlaneState = 'ok' | 'starting' | 'full' | 'read-only' | 'unavailable'

/** A part of a registry, and why it is not ok. */
export interface Plane {
  readonly state: PlaneState
  /** Null when there is nothing to say. Public, so it holds no path of the host. */
  readonly reason: string | null
}

/** The parts that can fail on their own. */
export interface Planes {
  readonly metadata: Plane
  readonly blobs: Plane
  readonly uploads: Plane
}

/** Planes that are all the same. */
export function allPlanes(state: PlaneState, reason: string | null = null): Planes {
  const plane = { state, reason }
  return { metadata: plane, blobs: plane, uploads: plane }
}

/**
 * Whether a registry should get requests. With a full disk it should: it still serves pulls and
 * deletions.
 */
export function isReady(planes: Planes): boolean {
  return Object.values(planes).every(isReadyPlane)
}

/** The same of one plane. */
export function isReadyPlane({ state }: Plane): boolean {
  return state === 'ok' || state === 'full'
}

/** Whether every plane is ok. */
export function isWell(planes: Planes): boolean {
  return Object.values(planes).every(({ state }) => state === 'ok')
}

/** Each state, by the name of its plane. */
export function statesOf(planes: Planes): Readonly<Record<string, PlaneState>> {
  return Object.fromEntries(Object.entries(planes).map(([name, { state }]) => [name, state]))
}

/** Each reason there is, by the name of its plane; undefined where there is none. */
export function reasonsOf(planes: Planes): Readonly<Record<string, string>> | undefined {
  const reasons = Object.entries(planes).flatMap(([name, { reason }]) =>
    reason === null ? [] : [[name, reason]],
  )
  return reasons.length === 0 ? undefined : Object.fromEntries(reasons)
}

/** How often the storage is looked at, at most, however often probes come. */
const lookEveryMs = 1_000
/** A look that takes longer is not waited for: on a network, storage may never answer. */
const lookMs = 5_000

/**
 * Looks at the planes for all who ask, once a second at most, one look at a time, and never for long.
 *
 * @param look never rejects
 */
export function planesLooker(look: () => Promise<Planes>): () => Promise<Planes> {
  let last: Promise<Planes> | null = null
  let isOver = true
  let at = 0
  return () => {
    const now = performance.now()
    if (last !== null && (!isOver || now - at <= lookEveryMs)) return last
    at = now
    isOver = false
    last = withinTime(look()).finally(() => {
      isOver = true
    })
    return last
  }
}

async function withinTime(planes: Promise<Planes>): Promise<Planes> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Planes>((resolve) => {
    timer = setTimeout(resolve, lookMs, allPlanes('unavailable', 'the storage does not answer'))
  })
  try {
    return await Promise.race([planes, late])
  } finally {
    clearTimeout(timer)
  }
}
