import type { UploadId } from '../oci/upload-id.ts'
import { type AgeRow, ByAge } from './by-age.ts'

/** The right of one holder to change a session. */
export interface SessionClaim {
  readonly holder: string
  /** Whether another asked for the session since. */
  wanted: boolean
  /** Holds whatever the time is, while a change of its holder is on its way. */
  pinned: boolean
}

interface Row extends SessionClaim {
  /** The claim holds before the row's time. */
  readonly lapse: AgeRow<UploadId>
}

/** Claims of upload sessions, at most one for each. */
export class SessionClaims {
  readonly #clock: () => number
  readonly #rows: Map<UploadId, Row> = new Map()
  readonly #byLapse: ByAge<UploadId> = new ByAge()

  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** The claim that holds; null when there is none. */
  get(id: UploadId): SessionClaim | null {
    const row = this.#rows.get(id)
    if (row === undefined) return null
    return row.pinned || row.lapse.time > this.#clock() ? row : null
  }

  /** The claim of that holder, if it holds. */
  of(id: UploadId, holder: string): SessionClaim | null {
    const claim = this.get(id)
    return claim?.holder === holder ? claim : null
  }

  /** Makes a claim, or extends the holder's own to `ttlMs` from now. */
  set(id: UploadId, holder: string, ttlMs: number): void {
    const { wanted = false, pinned = false } = this.of(id, holder) ?? {}
    this.end(id)
    const lapse = this.#byLapse.add(this.#clock() + ttlMs, id)
    this.#rows.set(id, { holder, wanted, pinned, lapse })
  }

  /** The holder of a claim, lapsed or not; null when there is none. */
  holder(id: UploadId): string | null {
    return this.#rows.get(id)?.holder ?? null
  }

  end(id: UploadId): void {
    const row = this.#rows.get(id)
    if (row === undefined) return
    this.#rows.delete(id)
    this.#byLapse.remove(row.lapse)
  }

  /** Sessions whose claims have lapsed and were not ended. */
  lapsed(): readonly UploadId[] {
    const ids = [...this.#byLapse.upTo(this.#clock())]
    return ids.filter((id) => this.get(id) === null)
  }
}
