import { RegistryError } from '../oci/registry-error.ts'
import type { CoreDeps } from './deps.ts'

/** What one request takes of the bytes that unfinished uploads may hold together. */
export interface UploadReservation {
  /**
   * Takes quota for bytes that came. Returns a promise only where others may have taken what is left.
   *
   * @throws RegistryError `tooManyUploadBytes`, or the promise rejects with it.
   */
  reserve(bytes: number): undefined | Promise<void>
  /** The bytes are the session's now, or were dropped. Once, at the end. */
  release(): void
}

/** Room for the bytes of unfinished uploads: those of sessions, and those on their way in. */
export interface UploadQuota {
  open(): Promise<UploadReservation>
}

export function uploadQuota(deps: Pick<CoreDeps, 'uploads' | 'limits'>): UploadQuota {
  const { uploads, limits } = deps
  /** Bytes of requests under way, which no session counts yet. */
  let inFlight = 0
  /** Bytes of requests that have ended, ever: sessions count them since, unless they ended too. */
  let landed = 0

  return {
    async open(): Promise<UploadReservation> {
      let own = 0
      let landedThen = landed
      let inSessions = await uploads.stagedBytes()

      /** Too much rather than too little, so that it has to be counted again before it refuses. */
      const full = (): boolean => inSessions + (landed - landedThen) + inFlight > limits.uploadBytes

      async function recount(): Promise<void> {
        landedThen = landed
        inSessions = await uploads.stagedBytes()
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
        },
      }
    },
  }
}
