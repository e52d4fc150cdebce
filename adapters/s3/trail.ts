import type { S3Bucket } from './bucket.ts'
import type { S3Uploads } from './multipart.ts'
import type { S3State } from './state.ts'

/**
 * What a stage leaves in the bucket on its way, and what an earlier one left: so that everything goes that no blob and
 * no state names. What cannot be dropped now is left to the sweep, and to the bucket's rule that ends old uploads.
 */
export class Trail {
  readonly #bucket: S3Bucket
  readonly #uploads: S3Uploads
  readonly #from: S3State
  /** What this stage made: objects it wrote, uploads it began, of which an object may be already. */
  readonly #made: Map<string, { upload: string | null; isObject: boolean }> = new Map()
  /** Whether this stage made an object of the upload that the earlier state names. */
  #completedEarlier = false

  /** @param from the state that the stage began with */
  constructor(bucket: S3Bucket, uploads: S3Uploads, from: S3State) {
    this.#bucket = bucket
    this.#uploads = uploads
    this.#from = from
  }

  /** An object is about to be written. */
  wrote(key: string): void {
    this.#made.set(key, { upload: null, isObject: true })
  }

  /** An upload was begun. */
  began(key: string, upload: string): void {
    this.#made.set(key, { upload, isObject: false })
  }

  /** An upload may be an object from now on. */
  completing(key: string): void {
    const made = this.#made.get(key)
    if (made !== undefined) made.isObject = true
  }

  /** An upload became an object. */
  completed(key: string, upload: string): void {
    const made = this.#made.get(key)
    if (made !== undefined) made.upload = null
    if (upload === this.#from.upload) this.#completedEarlier = true
  }

  /** A blob or a state names it now. */
  keep(key: string): void {
    this.#made.delete(key)
  }

  /** Objects in the bucket that the earlier state names. */
  get earlier(): readonly string[] {
    const { size, key, upload, tail, spent } = this.#from
    const own = size > 0 && (upload === null || this.#completedEarlier) ? [key] : []
    return [...own, ...(tail === null ? [] : [tail.key]), ...spent]
  }

  /** Drops what this stage made and nothing names. */
  async dropMade(): Promise<void> {
    const made = [...this.#made]
    this.#made.clear()
    for (const [key, { upload, isObject }] of made) {
      if (upload !== null) await this.#uploads.abortUpload(key, upload).catch(() => {})
      if (isObject) await this.#bucket.delete(key).catch(() => {})
    }
  }

  /** Drops what the earlier state names, except the object that is the blob. */
  async dropEarlier(except: string | null): Promise<void> {
    for (const key of this.earlier) {
      if (key !== except) await this.#bucket.deleteUnmarked(key).catch(() => {})
    }
  }
}
