import { RegistryError } from '../oci/registry-error.ts'

/** Bodies up to this size are not counted, so that large ones never hold up ordinary manifests. */
const uncountedBytes = 16 * 1024
/**
 * How many bodies wait at once, of one owner and of all; the next is refused. The runtime has read ahead
 * what it likes of each that waits, and counts that nowhere: Bun up to 2 MiB.
 */
const mostWaitingOfOwner = 16
const mostWaiting = 64
/** How long a body waits for others to end before its client is told to come back. */
const patienceMs = 10_000

/** The memory one body takes. */
export interface BodyReservation {
  /**
   * Reserves memory for a body that has grown to `size` bytes. Returns a promise only where it has to
   * wait for others.
   *
   * @throws RegistryError `tooManyRequests`, by the promise, after a while.
   */
  growTo(size: number): undefined | Promise<void>
  /** Gives all of it back; harmless when repeated. */
  release(): void
}

interface Waiting {
  readonly owner: string | null
  readonly bytes: number
  readonly proceed: () => void
}

/**
 * A bound on the memory of bodies that are read whole, together, however slowly they come. One owner
 * gets at most half of it, so that a flood from one side leaves room for the others.
 */
export class BodyBudget {
  readonly #bytes: number
  #used = 0
  readonly #byOwner: Map<string | null, number> = new Map()
  #queue: Waiting[] = []

  /** @param bytes for all bodies together */
  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** @param owner whose share it takes; null where that is not known */
  open(owner: string | null): BodyReservation {
    let own = 0
    let ended = false
    return {
      growTo: (size) => {
        const wanted = size <= uncountedBytes ? 0 : size - own
        if (wanted <= 0) return undefined
        const take = (): void => {
          own += wanted
          this.#add(owner, wanted)
        }
        if (this.#fits(owner, wanted)) {
          take()
          return undefined
        }
        return this.#wait(owner, wanted).then(() => {
          if (ended) this.#add(owner, -wanted)
          else own += wanted
        })
      },
      release: () => {
        ended = true
        this.#add(owner, -own)
        own = 0
        this.#serveQueue()
      },
    }
  }

  #fits(owner: string | null, bytes: number): boolean {
    const share = owner === null ? this.#bytes : this.#bytes / 2
    const own = this.#byOwner.get(owner) ?? 0
    return this.#used + bytes <= this.#bytes && own + bytes <= share
  }

  #add(owner: string | null, bytes: number): void {
    this.#used += bytes
    const own = (this.#byOwner.get(owner) ?? 0) + bytes
    if (own === 0) this.#byOwner.delete(owner)
    else this.#byOwner.set(owner, own)
  }

  /** Resolves with the memory taken. */
  #wait(owner: string | null, bytes: number): Promise<void> {
    const ofOwner = this.#queue.filter((other) => other.owner === owner).length
    const most = owner === null ? mostWaiting : mostWaitingOfOwner
    if (ofOwner >= most || this.#queue.length >= mostWaiting) return Promise.reject(comeBack())
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#queue = this.#queue.filter((other) => other !== waiting)
        reject(comeBack())
      }, patienceMs)
      const proceed = (): void => {
        clearTimeout(timer)
        this.#add(owner, bytes)
        resolve()
      }
      const waiting: Waiting = { owner, bytes, proceed }
      this.#queue.push(waiting)
    })
  }

  /** In order, but one that does not fit stands in no other owner's way. */
  #serveQueue(): void {
    const queue = this.#queue
    this.#queue = []
    for (const waiting of queue) {
      if (this.#fits(waiting.owner, waiting.bytes)) waiting.proceed()
      else this.#queue.push(waiting)
    }
  }
}

function comeBack(): RegistryError {
  return new RegistryError('tooManyRequests', {
    advice: 'large manifests are coming in; wait and try again',
    headers: { 'Retry-After': '5' },
  })
}
