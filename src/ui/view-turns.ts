import { ownerOf } from '../oci/owner.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { Shares } from './shares.ts'
import type { Viewer } from './viewer.ts'

/** Views that are made at the same time, for one caller and for all. */
const mostOfOwner = 4
const mostAtOnce = 16
/** Views that wait at the same time, of one caller and of all; the next one is refused. */
const mostWaitingOfOwner = 64
const mostWaiting = 1024
/** Changes whose bodies come, or wait for a view, at the same time: of one caller and of all. */
const mostReceivedOfOwner = 16
const mostReceived = 256
/** How long a view waits before its caller is told to come back, in milliseconds. */
const patienceMs = 10_000
/** When a share counts as given back, in milliseconds: on workerd, a request that was cut off never gives it back. */
const leaseMs = 30_000
/** How far apart the looks of a view that waits are at least, in milliseconds. */
const lookMs = 10

/** Makes views for callers, few at the same time. */
export interface ViewTurns {
  /**
   * Makes one, once it is the caller's turn.
   *
   * @throws RegistryError `tooManyRequests`, where too many wait, or this one has waited for long.
   */
  take<T>(viewer: Viewer, make: () => Promise<T>): Promise<T>

  /**
   * Does what a change is received and answered with. A body may come slowly, so it has no turn until it is there; how
   * many are in memory is bounded.
   *
   * @throws RegistryError `tooManyRequests`, where too many are received.
   */
  receive<T>(viewer: Viewer, work: () => Promise<T>): Promise<T>
}

/**
 * Shares what views cost among those who look: each has its bytes in memory and some of the thread. A caller who asks
 * for many gets them a few at a time, and those of other callers go between.
 *
 * Each request waits by timers of its own. On workerd, none may wait for what another one does.
 */
export function viewTurns(): ViewTurns {
  const made = new Shares()
  const waiting = new Shares()
  const received = new Shares()

  /** Begins one more where it may; returns what ends it. */
  function begin(owner: string | null): (() => void) | null {
    const own = made.of(owner)
    // Those without a name or an address cannot be told apart, and may be many.
    if (made.all >= mostAtOnce || (owner !== null && own >= mostOfOwner)) return null
    // One more for a caller who has some already comes after the first for every other.
    if (own > 0 && waiting.owners().some((other) => made.of(other) === 0)) return null
    return made.take(owner, leaseMs)
  }

  async function waitInLine(owner: string | null, signal: AbortSignal): Promise<() => void> {
    if (waiting.all >= mostWaiting) throw comeBack()
    if (owner !== null && waiting.of(owner) >= mostWaitingOfOwner) throw comeBack()
    const until = performance.now() + patienceMs
    const leave = waiting.take(owner, leaseMs)
    try {
      // Nothing is begun for a request whose client has left.
      while (performance.now() < until && !signal.aborted) {
        const laterMs = lookMs + Math.random() * Math.max(lookMs, waiting.all)
        await new Promise((resolve) => setTimeout(resolve, laterMs))
        const end = begin(owner)
        if (end !== null) return end
      }
      throw comeBack()
    } finally {
      leave()
    }
  }

  return {
    async take(viewer, make) {
      const owner = ownerFor(viewer)
      const end = begin(owner) ?? (await waitInLine(owner, viewer.call.signal))
      try {
        return await make()
      } finally {
        end()
      }
    },

    async receive(viewer, work) {
      const owner = ownerFor(viewer)
      const own = owner === null ? 0 : received.of(owner)
      if (received.all >= mostReceived || own >= mostReceivedOfOwner) throw comeBack()
      const end = received.take(owner, leaseMs)
      try {
        return await work()
      } finally {
        end()
      }
    },
  }
}

function ownerFor({ principal, call }: Viewer): string | null {
  return ownerOf(principal?.id ?? null, call.peer.address)
}

function comeBack(): RegistryError {
  return new RegistryError('tooManyRequests', { headers: { 'Retry-After': '5' } })
}
