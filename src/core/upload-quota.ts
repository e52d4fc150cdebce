import { RegistryError } from '../oci/registry-error.ts'
import type { CoreDeps } from './deps.ts'

/** What one request takes of the bytes that unfinished uploads may hold together. */
export interface UploadReservation {
  /**
   * Reserves bytes that came. Returns a promise only where the rest may be taken already.
   *
   * @throws RegistryError `tooManyUploadBytes`, or the promise rejects with it.
   */
  reserve(bytes: number): undefined | Promise<void>
  /** The bytes are the session's now, or were dropped. Once, at the end of the request. */
  release(): void
}

/** A bound on the bytes of unfinished uploads: those of sessions, and those on their way in. */
export interface UploadQuota {
  open(): Promise<UploadReservation>
}

export function uploadQuota(deps: Pick<CoreDeps, 'uploads' | 'limits'>): UploadQuota {
  const { uploads, limits } = deps
  /** Bytes of requests under way. */
  let inFlight = 0
  /** Bytes of requests that have ended, ever: sessions have them since, unless they were dropped. */
  let landed = 0

  return {
    async open(): Promise<UploadReservation> {
      let own = 0
      let inSessions = 0
      let landedThen = 0
      const count = async (): Promise<void> => {
        inSessions = await uploads.stagedBytes()
        // What landed while the sessions were counted is in them: a session is saved first.
        landedThen = landed
      }
      await count()

      /** Too much rather than too little, so it is counted again before anything is refused. */
      const full = (): boolean => inSessions + (landed - landedThen) + inFlight > limits.uploadBytes

      async function recount(): Promise<void> {
        await count()
        if (!full()) return
        // A request between its save and its release was counted twice.
        await new Promise((resolve) => setTimeout(resolve, 0))
        await count()
        if (full()) {
          throw new RegistryError('tooManyUploadBytes', { headers: { 'Retry-After': '60' } })
        }
      }

      return {
        reserve(bytes) {
          own += bytes
          inFlight += bytes
          return full() ? recount() : undefined
        },
        release() {
          inFlight -= own
          landed += own
          own = 0
        },
      }
    },
  }
}
