import { RegistryError } from '../oci/registry-error.ts'
import type { CoreDeps } from './deps.ts'

/** What one request takes of the bytes that unfinished uploads may hold. */
export interface UploadReservation {
  /** Bytes that the unfinished uploads of its owner may hold together: a larger blob never fits. */
  readonly share: number
  /**
   * Reserves bytes that came. Returns a promise only where the rest may be taken already.
   *
   * @throws RegistryError `tooManyUploadBytes`, or the promise rejects with it.
   */
  reserve(bytes: number): undefined | Promise<void>
  /** The bytes are the session's now, or were dropped. Once, at the end of the request. */
  release(): void
}

/**
 * A bound on the bytes of unfinished uploads: those of sessions, and those on their way in; of all
 * owners together, and of each.
 */
export interface UploadQuota {
  /** Owners with requests under way. */
  readonly owners: number
  /**
   * @param owner whose share it takes; null where that is not known: such callers share all there is
   * @param hasBody whether bytes are to come; without them nothing is counted
   */
  open(owner: string | null, hasBody?: boolean): Promise<UploadReservation>
}

/** A reservation that is made before it is known whose share it takes, since asking the store takes a while. */
export interface EarlyReservation {
  /** The reservation of the owner: the one that was made, where it is theirs. */
  of(owner: string | null): Promise<UploadReservation>
  /** Ends the one that was made, unless it was taken. */
  drop(): void
}

/** Begins a reservation for the owner that a session most likely has. */
export function reserveEarly(
  quota: UploadQuota,
  likely: string | null,
  hasBody: boolean,
): EarlyReservation {
  const made = quota.open(likely, hasBody)
  made.catch(() => {})
  let isTaken = false
  return {
    of(owner) {
      if (owner !== likely) return quota.open(owner, hasBody)
      isTaken = true
      return made
    },
    drop() {
      if (isTaken) return
      isTaken = true
      made.then(
        (reservation) => reservation.release(),
        () => {},
      )
    },
  }
}

/** The bytes that requests bring. */
interface Arrivals {
  /** Bytes of requests under way. */
  inFlight: number
  /** Bytes of requests that have ended: sessions have them since, unless they were dropped. */
  landed: number
}

interface OwnArrivals extends Arrivals {
  /** Requests under way. */
  requests: number
}

export function uploadQuota(deps: Pick<CoreDeps, 'uploads' | 'limits'>): UploadQuota {
  const { uploads, limits } = deps
  const { uploadBytes, uploadBytesPerOwner } = limits
  const perOwner = Math.min(uploadBytesPerOwner ?? Math.floor(uploadBytes / 2), uploadBytes)
  const all: Arrivals = { inFlight: 0, landed: 0 }
  /** Of each owner with requests under way. */
  const byOwner: Map<string | null, OwnArrivals> = new Map()

  function begin(owner: string | null): OwnArrivals {
    const own = byOwner.get(owner) ?? { requests: 0, inFlight: 0, landed: 0 }
    byOwner.set(owner, own)
    own.requests += 1
    return own
  }

  function end(owner: string | null, own: OwnArrivals): void {
    own.requests -= 1
    if (own.requests === 0) byOwner.delete(owner)
  }

  return {
    get owners() {
      return byOwner.size
    },

    async open(owner, hasBody = true) {
      const share = owner === null ? uploadBytes : perOwner
      const own = begin(owner)
      let taken = 0
      /** Bytes of sessions, less what had landed when they were counted. */
      let before = { total: 0, own: 0 }
      const count = async (): Promise<void> => {
        const staged = await uploads.stagedBytes(owner)
        // What landed while the sessions were counted is in them: a session is saved first.
        before = { total: staged.total - all.landed, own: staged.own - own.landed }
      }
      try {
        if (hasBody) await count()
      } catch (error) {
        end(owner, own)
        throw error
      }

      // Both count too much rather than too little, so it is counted again before anything is refused.
      const isShareFull = (): boolean => before.own + own.landed + own.inFlight > share
      const isFull = (): boolean => before.total + all.landed + all.inFlight > uploadBytes

      async function recount(): Promise<void> {
        await count()
        if (!isShareFull() && !isFull()) return
        // A request between its save and its release was counted twice.
        await new Promise((resolve) => setTimeout(resolve, 0))
        await count()
        if (owner !== null && isShareFull()) throw tooMany(ofOwner)
        if (isFull()) throw tooMany()
      }

      return {
        share,
        reserve(bytes) {
          taken += bytes
          own.inFlight += bytes
          all.inFlight += bytes
          return isShareFull() || isFull() ? recount() : undefined
        },
        release() {
          for (const arrivals of [own, all]) {
            arrivals.inFlight -= taken
            arrivals.landed += taken
          }
          taken = 0
          end(owner, own)
        },
      }
    },
  }
}

const ofOwner =
  'your unfinished uploads hold as many bytes as one user may; finish or cancel some, or wait for them to expire'

function tooMany(advice?: string): RegistryError {
  return new RegistryError('tooManyUploadBytes', {
    ...(advice === undefined ? {} : { advice }),
    headers: { 'Retry-After': '60' },
  })
}
