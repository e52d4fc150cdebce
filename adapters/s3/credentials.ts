import { environment, type S3Credentials, type S3Options } from './options.ts'

/** How long before they expire credentials are renewed, in milliseconds. */
const earlyMs = 5 * 60_000
/** How long credentials are kept that do not say when they expire, in milliseconds. */
const unknownMs = 60_000

/** Keeps credentials, and renews them in time: one renewal at once, whoever waits for it. */
export class KeptCredentials {
  readonly #get: () => Promise<S3Credentials>
  #kept: S3Credentials | null = null
  #until = 0
  #renewal: Promise<S3Credentials> | null = null

  constructor(given: S3Options['credentials']) {
    if (typeof given === 'function') this.#get = given
    else this.#get = async () => given ?? fromEnvironment()
  }

  /** Credentials that are good for `leastMs` more, where their source has any. */
  async get(leastMs = 0): Promise<S3Credentials> {
    const kept = this.#kept
    const now = Date.now()
    if (kept !== null && now < this.#until && expiresAt(kept) >= now + leastMs) return kept
    this.#renewal ??= this.#renew()
    return this.#renewal
  }

  /** Forgets credentials that were refused; later ones stay. */
  refused(credentials: S3Credentials): void {
    if (this.#kept === credentials) this.#kept = null
  }

  async #renew(): Promise<S3Credentials> {
    try {
      const fresh = await this.#get()
      this.#kept = fresh
      this.#until =
        fresh.expiration === undefined ? Date.now() + unknownMs : expiresAt(fresh) - earlyMs
      return fresh
    } catch (error) {
      // What is still good is used on.
      const kept = this.#kept
      if (kept !== null && kept.expiration !== undefined && expiresAt(kept) > Date.now())
        return kept
      throw error
    } finally {
      this.#renewal = null
    }
  }
}

/** When credentials expire, in milliseconds since the epoch. */
export function expiresAt({ expiration }: S3Credentials): number {
  return expiration?.getTime() ?? Number.POSITIVE_INFINITY
}

function fromEnvironment(): S3Credentials {
  const accessKeyId = environment('AWS_ACCESS_KEY_ID')
  const secretAccessKey = environment('AWS_SECRET_ACCESS_KEY')
  const sessionToken = environment('AWS_SESSION_TOKEN')
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Error(
      'no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give credentials',
    )
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}
